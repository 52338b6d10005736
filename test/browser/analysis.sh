#!/usr/bin/env bash
# Drives the analysis of the real server with real models in headless Chromium: transcript, people, values, flags, models. It
# needs the models and libraries of `make native models` and the bulletin of the sample library. Where all was to be brought
# (SHOWREEL_TEST_FULL=1) what is missing is a failure; otherwise it is said and nothing is tested.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${SHOWREEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/showreel}
film=$cache/samples/bulletin.mp4
face=$cache/samples/astronaut.png
program=${SHOWREEL:-bin/showreel}
for need in "$cache/models/whisper-base" "$cache/models/ppocr-v6-det" "$film" "$face" "$(dirname "$program")/showreel-ai"; do
  [ -e "$need" ] && continue
  [ -z "${SHOWREEL_TEST_FULL:-}" ] || { echo "FAILED: the journey of the analysis needs $need"; exit 1; }
  echo "skipped: the journey of the analysis needs $need"
  exit 0
done
bash test/browser/install.sh
work=$(mktemp -d)
server=
end() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; [ -z "$server" ] || wait "$server" 2>/dev/null || true; rm -rf "$work"; }
trap end EXIT
# Sixteen seconds with two voices; an address, a number and a face are put into the picture, for a person to decide on.
label() { printf "drawtext=text='%s':fontsize=40:fontcolor=white:box=1:boxcolor=black:boxborderw=12:x=60:y=80:enable='between(t,%s,%s)'" "$1" "$2" "$3"; }
ffmpeg -y -v error -t 16 -i "$film" -loop 1 -t 16 -i "$face" -filter_complex \
  "[1:v]crop=320:320:70:0,scale=400:400[face];[0:v][face]overlay=x=820:y=60:enable='between(t,9,15)'[seen];[seen]$(label 'Write to clara.winslow@harbour.example' 3 8),$(label 'or call +44 20 7946 0958' 8 14)[out]" \
  -map "[out]" -map 0:a -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a copy "$work/harbour bulletin.mp4"
# The same face in another asset, seen from the other side.
ffmpeg -y -v error -i "$face" -vf "crop=440:400:20:0,hflip" "$work/portrait.png"
printf 'models:\n  dir: %s\n' "$cache/models" >"$work/showreel.yaml"
SHOWREEL_AI_NATIVE=${SHOWREEL_AI_NATIVE:-$cache/native} "$program" serve --config "$work/showreel.yaml" --data "$work/data" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 200); do grep -q 'setup?token=' "$work/out" && break; kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.05; done
url=$(sed -n 's/.* is at //p' "$work/out")
link=$(grep -o 'http[^ ]*setup?token=[^ ]*' "$work/out")
node test/browser/analysis.mjs "$url" "$link" "$work/harbour bulletin.mp4" "$work/portrait.png" || { echo "server log:"; tail -n 30 "$work/log"; exit 1; }
