#!/usr/bin/env bash
# Starts the engines the tests need on loopback, runs every test, stops the engines. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
. test/engines/session.sh
engines_start
trap engines_stop EXIT
PATH="$SHOWREEL_CACHE/node/bin:$PATH"

bash tools/samples/fetch.sh "$SHOWREEL_CACHE/samples"
bash tools/speech/prompts.sh "$SHOWREEL_CACHE/prompts" en fr
bin/showreel models install default whisper-tiny-en --dir "$SHOWREEL_CACHE/models" --cache "$SHOWREEL_CACHE/packages"
export SHOWREEL_AI=$PWD/bin/showreel-ai
[ -e "$SHOWREEL_CACHE/samples/bulletin.mp4" ] || bin/showreel-bulletin -samples "$SHOWREEL_CACHE/samples" -models "$SHOWREEL_CACHE/models" -ai bin/showreel-ai -out "$SHOWREEL_CACHE/samples"
bash test/browser/install.sh
bash web/test.sh
# The long ones first, so that no core waits for them in the end.
SHOWREEL_TEST_FULL=1 go test -timeout 12m ./test/journeys ./test/redaction ./test/captions ./product/ingest ./...
# What runs the models: the same suites without a wire between.
SHOWREEL_TEST_FULL=1 CGO_ENABLED=1 go test -timeout 12m -p 1 ./cmd/showreel-ai/... ./platform/onnx/... ./engine/speech/... ./engine/vision/... ./engine/voice/... ./engine/language/...
bash test/browser/run.sh
# The analysis, with the models: transcript, people, values, flags, redaction.
SHOWREEL_TEST_FULL=1 bash test/browser/analysis.sh
