#!/usr/bin/env bash
# Brings libonnxruntime 1.30.0 (MIT) from npm's onnxruntime-node into DIR as libonnxruntime.so.1, unless it is there.
# Nothing of the package is run. usage: onnxruntime.sh DIR
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
version=1.30.0
case $(uname -m) in
  x86_64) arch=x64 sum=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23 ;;
  *) echo "ONNX Runtime: no library of version $version is known for $(uname -m)." >&2; exit 1 ;;
esac
good() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$sum" ]; }
lib=$dir/libonnxruntime.so.1
if good "$lib"; then exit 0; fi
echo "Bringing ONNX Runtime $version (about 100 MB to download)."
work=$(mktemp -d "$dir/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
npm pack --silent --ignore-scripts --pack-destination "$work" "onnxruntime-node@$version" >/dev/null
tar -xzf "$work"/*.tgz -C "$work" --no-same-owner "package/bin/napi-v6/linux/$arch" package/LICENSE 2>/dev/null ||
  tar -xzf "$work"/*.tgz -C "$work" --no-same-owner "package/bin/napi-v6/linux/$arch"
good "$work/package/bin/napi-v6/linux/$arch/libonnxruntime.so.1" || { echo "ONNX Runtime: the library is not the one we know." >&2; exit 1; }
mv "$work/package/bin/napi-v6/linux/$arch/libonnxruntime.so.1" "$lib"
