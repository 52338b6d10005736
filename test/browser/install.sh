#!/usr/bin/env bash
# Brings the browser tests' npm packages, exact versions, when the lock file changed.
set -euo pipefail
cd "$(dirname "$0")"
stamp=node_modules/.showreel-lock
cmp -s package-lock.json "$stamp" && exit 0
npm ci --no-audit --no-fund --loglevel=error --ignore-scripts
cp package-lock.json "$stamp"
