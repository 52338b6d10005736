#!/usr/bin/env bash
# The long tests, in slices of at most ten minutes. usage: deep.sh [SLICE] | deep.sh --count
set -euo pipefail
cd "$(dirname "$0")/.."

slices=(kills fuzz targets packaging server faults ffmpeg8 hidden0 hidden1 hidden2 hidden3 hidden4 hidden5 hidden6 hidden7 analysis-kills analysis-helpers analysis-long analysis-lecture hears sees)
[ "${1:-}" != --count ] || { echo ${#slices[@]}; exit 0; }

. test/engines/session.sh

# Twenty kills of an ingest, and five hours of silence.
slice_kills() { SHOWREEL_TEST_KILLS=20 SHOWREEL_TEST_DEEP=1 go test -count=1 -timeout 10m -run "TestKillAnywhere|TestHoursOfSilence" ./test/journeys; }

# Every fuzz target, a quarter of a minute each.
slice_fuzz() {
  local pkg target
  while read -r pkg; do
    for target in $(grep -rhoE '^func (Fuzz[A-Za-z0-9_]+)' "$pkg" --include='*_test.go' | awk '{print $2}' | sort -u); do
      echo "== $pkg $target"
      go test -run '^$' -fuzz "^$target\$" -fuzztime "${SHOWREEL_FUZZTIME:-15s}" -fuzzminimizetime 10x "./$pkg"
    done
  done < <(grep -rlE '^func Fuzz' --include='*_test.go' media platform engine trust product | xargs -n1 dirname | sort -u)
}

# The benchmarks, on smaller work; they report targets and do not fail on one.
slice_targets() { go run ./bench -quick ingest; }
slice_packaging() { go run ./bench -quick delivery; }
slice_server() { go run ./bench -quick server; }
slice_hears() { go run ./bench -quick -only whole,words,conditions,times,speechless,speakers,voices,language,pii analysis; }
slice_sees() { go run ./bench -quick -only looking,text,faces,people,shots,photos analysis; }

# Films with planted secrets, an eighth at a time: what was marked must be gone.
for part in 0 1 2 3 4 5 6 7; do
  eval "slice_hidden$part() { SHOWREEL_TEST_DEEP=1 SHOWREEL_TEST_PART=$part/8 go test -count=1 -v -timeout 10m -run TestNothingMarkedIsLeft ./test/redaction; }"
done

# Models, spoken prompts of five languages, samples and the bulletin, for the long tests of the analysis.
analysis_ready() {
  bash tools/samples/fetch.sh "$SHOWREEL_CACHE/samples"
  bash tools/speech/prompts.sh "$SHOWREEL_CACHE/prompts" en fr es it ru
  bin/showreel models install default whisper-tiny-en --dir "$SHOWREEL_CACHE/models" --cache "$SHOWREEL_CACHE/packages"
  export SHOWREEL_AI=$PWD/bin/showreel-ai SHOWREEL_TEST_FULL=1 SHOWREEL_TEST_DEEP=1
  [ -e "$SHOWREEL_CACHE/samples/bulletin.mp4" ] || bin/showreel-bulletin -samples "$SHOWREEL_CACHE/samples" -models "$SHOWREEL_CACHE/models" -ai bin/showreel-ai -out "$SHOWREEL_CACHE/samples"
}

# Twenty kills of the server, and some of what it runs, while a film is understood.
slice_analysis-kills() { analysis_ready && SHOWREEL_TEST_KILLS=20 go test -count=1 -v -timeout 10m -run TestKilledAnalysis ./test/journeys; }

# The programs that run the models are killed 50 times, have too little memory, or are a pool that loses one.
slice_analysis-helpers() {
  analysis_ready
  go test -count=1 -v -timeout 10m -run 'TestProgramsKilledFiftyTimes|TestMemoryCapOfPrograms|TestPoolOfProgramsLosesOne' ./test/journeys
  go test -count=1 -v -run TestKilledManyTimes ./platform/sidecar
}

# Twelve languages in one file, a film of 8K; ninety minutes in which nobody speaks; ten hours in which hardly anybody does.
slice_analysis-long() { analysis_ready && go test -count=1 -v -timeout 10m -run TestBadInputsThatTakeLong ./test/journeys; }
slice_analysis-lecture() { analysis_ready && go test -count=1 -v -timeout 10m -run 'TestNoWordsWhereNobodySpeaks|TestTenHourLecture' ./product/analysis; }

# The suites that make faults, repeated, with the race detector.
slice_faults() {
  engines_start
  trap engines_stop EXIT
  CGO_ENABLED=1 SHOWREEL_TEST_FULL=1 go test -race -count=1 -timeout 10m ./platform/... ./engine/blob/... ./engine/flow/... ./engine/kv/... ./trust/...
}

# The transcoder's suite and the film's way to the player with ffmpeg 8.1.2, a static build that lacks zscale, PNG and WebP.
slice_ffmpeg8() {
  local bin=$SHOWREEL_CACHE/media-tools-bin
  [ -x "$bin/ffmpeg8" ] || bash test/engines/media-tools.sh install "$SHOWREEL_CACHE/media-tools" "$bin"
  "$bin/ffmpeg8" -version | sed -n 1p
  SHOWREEL_TEST_FFMPEG=$bin/ffmpeg8 SHOWREEL_TEST_FFPROBE=$bin/ffprobe8 go test -count=1 -timeout 10m ./engine/transcode/...
  SHOWREEL_TRANSCODE_FFMPEG=$bin/ffmpeg8 SHOWREEL_TRANSCODE_FFPROBE=$bin/ffprobe8 go test -count=1 -timeout 10m -run TestFilmFromUploadToPlayer ./test/journeys
}

n=${1:-}
if [ -n "$n" ]; then
  name=${slices[$((n - 1))]}
  echo "deep: slice $n of ${#slices[@]}: $name"
  "slice_$name"
else
  for name in "${slices[@]}"; do echo "deep: $name"; "slice_$name"; done
fi
