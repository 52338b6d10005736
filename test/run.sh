#!/usr/bin/env bash
# Starts the engines the tests need on loopback, runs every test, stops the engines. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
. test/engines/session.sh
engines_start
trap engines_stop EXIT
PATH="$SHOWREEL_CACHE/node/bin:$PATH"

bash test/browser/install.sh
bash web/test.sh
SHOWREEL_TEST_FULL=1 go test -timeout 12m ./...
bash test/browser/run.sh
