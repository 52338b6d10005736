#!/usr/bin/env bash
# Installs what Showreel needs from Debian's or Ubuntu's packages, only what is missing, saying first how much it will
# download. usage: setup.sh run|test
#   run   ffmpeg, espeak-ng (phonemes of the voices), what fetches samples and models, and what compiles the speech library
#   test  also Chromium, PostgreSQL 15 or newer, Node, and an S3 server built from its Go module
set -euo pipefail
what=${1:?usage: setup.sh run|test}
cache=${SHOWREEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/showreel}
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$cache"

say() { printf '%s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

need=()
have ffmpeg && have ffprobe || need+=(ffmpeg)
have curl || need+=(curl)
[ -e /etc/ssl/certs/ca-certificates.crt ] || need+=(ca-certificates)
have unzip || need+=(unzip)
have zstd || need+=(zstd)
{ have python3 && python3 -m pip --version; } >/dev/null 2>&1 || need+=(python3-pip)
python3 -c 'import ensurepip' >/dev/null 2>&1 || need+=(python3-venv)
have npm || need+=(npm)
have espeak-ng || need+=(espeak-ng)
have gcc || need+=(gcc libc6-dev)
have g++ || need+=(g++)
have make || need+=(make)
have cmake || need+=(cmake)
have mvn || need+=(maven)
if [ "$what" = test ]; then
  have chromium || need+=(chromium)
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
  fc-list 2>/dev/null | grep -qi dejavu || need+=(fonts-dejavu-core)
fi

if [ ${#need[@]} -gt 0 ]; then
  have apt-get || { say "Please install: ${need[*]}"; exit 1; }
  export DEBIAN_FRONTEND=noninteractive
  stamp=/var/lib/apt/lists
  [ -n "$(find "$stamp" -name '*_Packages*' -mmin -1440 -print -quit 2>/dev/null)" ] || as_root apt-get update -qq
  size=$(apt-get install --print-uris -y --no-install-recommends "${need[@]}" | awk '/^\x27/ {n += $3} END {printf "%.0f", n / 1e6}')
  say "Installing ${need[*]}: $size MB to download."
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >"$cache/apt.log" 2>&1 ||
    { tail -n 20 "$cache/apt.log"; exit 1; }
fi

if [ "$what" = test ]; then
  major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+)\..*/\1/' || true)
  if [ "${major:-0}" -lt 20 ] && [ ! -x "$cache/node/bin/node" ]; then
    say "Bringing Node 20 for the console's build: 30 MB to download."
    tmp=$(mktemp -d "$cache/.node.XXXXXX")
    arch=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
    npm pack --silent --ignore-scripts --pack-destination "$tmp" "node-linux-$arch@20.19.5" >/dev/null
    tar -xzf "$tmp"/*.tgz -C "$tmp" --no-same-owner
    rm -rf "$cache/node" && mv "$tmp/package" "$cache/node" && rm -rf "$tmp"
  fi
  if [ ! -x "$cache/bin/versitygw" ]; then
    say "Building an S3 server for the tests from its Go module (about a minute)."
    bash "$here/test/engines/versitygw.sh" install "$cache/bin"
  fi
fi
