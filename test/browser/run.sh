#!/usr/bin/env bash
# Drives the real server in headless Chromium: set-up, upload, progress, playback, editing, trash. Called by test/run.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
bash test/browser/install.sh
work=$(mktemp -d)
server=
end() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; [ -z "$server" ] || wait "$server" 2>/dev/null || true; rm -rf "$work"; }
trap end EXIT
ffmpeg -y -v error -f lavfi -i testsrc2=size=1280x720:rate=25:duration=12 -f lavfi -i "sine=frequency=440:sample_rate=48000:duration=12" \
  -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -ac 2 "$work/journey film.mp4"
bin/showreel serve --data "$work/data" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 200); do grep -q 'setup?token=' "$work/out" && break; kill -0 $server || { cat "$work/log"; exit 1; }; sleep 0.05; done
url=$(sed -n 's/.* is at //p' "$work/out")
link=$(grep -o 'http[^ ]*setup?token=[^ ]*' "$work/out")
node test/browser/journey.mjs "$url" "$link" "$work/journey film.mp4" || { echo "server log:"; tail -n 40 "$work/log"; exit 1; }
