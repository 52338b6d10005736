#!/usr/bin/env bash
# Prints what a build with cgo needs: where the headers of tools/native are. usage: eval "$(tools/native/env.sh)"
cache=${SHOWREEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/showreel}
printf 'export CGO_ENABLED=1 CGO_CFLAGS=%q\n' "-O2 -g -I$cache/native/whisper/include"
