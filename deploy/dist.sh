#!/usr/bin/env bash
# Builds the distribution: dist/showreel-VERSION-linux-ARCH.tar.gz with the binary (the console is inside), the unit file,
# the manual configuration and the docs; for this machine's architecture also the program that runs models and its native
# libraries (they need this machine's C library or a newer one). usage: dist.sh VERSION
set -euo pipefail
version=${1:?}
cd "$(dirname "$0")/.."
for arch in amd64 arm64; do
  name=showreel-$version-linux-$arch
  rm -rf "dist/$name"
  mkdir -p "dist/$name/bin" "dist/$name/docs"
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -mod=readonly -trimpath -ldflags "-s -w -X main.version=$version" -o "dist/$name/bin/showreel" ./cmd/showreel
  if [ "$arch" = "$(go env GOHOSTARCH)" ]; then
    cache=${SHOWREEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/showreel}
    bash tools/native/setup.sh "$cache/native"
    CGO_ENABLED=1 go build -mod=readonly -trimpath -ldflags "-s -w -X main.version=$version" -o "dist/$name/bin/showreel-ai" ./cmd/showreel-ai
    mkdir -p "dist/$name/bin/native/whisper" "dist/$name/bin/native/onnxruntime"
    cp -a "$cache/native/whisper/lib" "$cache/native/whisper/share" "dist/$name/bin/native/whisper/"
    cp "$cache/native/onnxruntime/libonnxruntime.so.1" "dist/$name/bin/native/onnxruntime/"
  fi
  cp deploy/showreel.service README.md openapi.yaml "dist/$name/"
  cp docs/*.md "dist/$name/docs/"
  go run ./cmd/showreel config manual >"dist/$name/showreel.yaml"
  tar -C dist --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -czf "dist/$name.tar.gz" "$name"
  rm -rf "dist/$name"
done
(cd dist && sha256sum ./*.tar.gz >SHA256SUMS)
ls -l dist
