#!/usr/bin/env bash
# Drives the transcript of the real server with real models in headless Chromium. It needs the models and
# libraries of `make native models` and the bulletin of the sample library; what is missing is said and nothing is tested.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${SHOWREEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/showreel}
film=$cache/samples/bulletin.mp4
for need in "$cache/models/whisper-base" "$cache/models/ppocr-v6-det" "$film"; do
  [ -e "$need" ] || { echo "skipped: the journey of the analysis needs $need"; exit 0; }
done
bash test/browser/install.sh
program=${SHOWREEL:-bin/showreel}
work=$(mktemp -d)
server=
end() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; [ -z "$server" ] || wait "$server" 2>/dev/null || true; rm -rf "$work"; }
trap end EXIT
# An address is written into the picture, for a person to decide on.
ffmpeg -y -v error -t 16 -i "$film" -vf "drawtext=text='Write to clara.winslow@harbour.example':fontsize=44:fontcolor=white:box=1:boxcolor=black:boxborderw=12:x=60:y=80:enable='between(t,4,10)'" \
  -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a copy "$work/harbour bulletin.mp4"
printf 'models:\n  dir: %s\n' "$cache/models" >"$work/showreel.yaml"
"$program" serve --config "$work/showreel.yaml" --data "$work/data" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 200); do grep -q 'setup?token=' "$work/out" && break; kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.05; done
url=$(sed -n 's/.* is at //p' "$work/out")
link=$(grep -o 'http[^ ]*setup?token=[^ ]*' "$work/out")
node test/browser/analysis.mjs "$url" "$link" "$work/harbour bulletin.mp4" || { echo "server log:"; tail -n 30 "$work/log"; exit 1; }
