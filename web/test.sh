#!/usr/bin/env bash
# Checks the console's source, runs its unit tests, and proves that the committed dist and API types are what the source
# and openapi.yaml give, byte for byte.
set -euo pipefail
cd "$(dirname "$0")"
stamp=node_modules/.showreel-lock
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -r dist "$before/dist"
cp src/lib/api/schema.d.ts "$before/schema.d.ts"
npm run -s types >/dev/null
cmp "$before/schema.d.ts" src/lib/api/schema.d.ts || { echo "src/lib/api/schema.d.ts is older than openapi.yaml: npm run types"; exit 1; }
npm run -s check
npm run -s test
npm run -s build >/dev/null
diff -rq "$before/dist" dist || { echo "web/dist is older than its source: npm run build, and commit it"; exit 1; }
echo "console: types, checks, unit tests and a fresh dist"
