#!/usr/bin/env bash
# Brings telephone prompts with their transcripts (Debian packages asterisk-core-sounds-LL and -LL-wav, CC BY-SA 3.0, one
# speaker a language, 8 kHz) into DIR/LL: WAV files and transcripts.txt. What is there is left alone. They are test data
# for the recognition of speech. usage: prompts.sh DIR LL [LL …] with LL of en es fr it ru
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
for lang in "$@"; do
  [ ! -e "$dir/$lang/transcripts.txt" ] || continue
  echo "Bringing spoken prompts ($lang): 18 MB to download."
  work=$(mktemp -d "$dir/.fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  if ! (cd "$work" && apt-get download -qq "asterisk-core-sounds-$lang" "asterisk-core-sounds-$lang-wav" >log 2>&1); then
    echo "Spoken prompts ($lang) cannot be had here; going on without them. ($(tail -n 1 "$work/log"))"
    rm -rf "$work"
    continue
  fi
  for deb in "$work"/*.deb; do dpkg-deb -x "$deb" "$work/x"; done
  new=$work/new
  mv "$(find "$work/x/usr/share/asterisk/sounds" -mindepth 1 -maxdepth 1 -type d | head -n 1)" "$new"
  find "$work/x/usr/share/doc" -name "core-sounds-$lang.txt*" -exec zcat -f {} + >"$new/transcripts.txt"
  rm -rf "${dir:?}/$lang"
  mv "$new" "$dir/$lang"
  rm -rf "$work"
done
