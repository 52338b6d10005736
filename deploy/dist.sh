#!/usr/bin/env bash
# Builds the distribution: dist/showreel-VERSION-linux-ARCH.tar.gz with the binary (the console is inside), the unit file,
# the manual configuration and the docs. usage: dist.sh VERSION
set -euo pipefail
version=${1:?}
cd "$(dirname "$0")/.."
for arch in amd64 arm64; do
  name=showreel-$version-linux-$arch
  rm -rf "dist/$name"
  mkdir -p "dist/$name/bin" "dist/$name/docs"
  CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -mod=readonly -trimpath -ldflags "-s -w -X main.version=$version" -o "dist/$name/bin/showreel" ./cmd/showreel
  cp deploy/showreel.service README.md openapi.yaml "dist/$name/"
  cp docs/*.md "dist/$name/docs/"
  go run ./cmd/showreel config manual >"dist/$name/showreel.yaml"
  tar -C dist --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -czf "dist/$name.tar.gz" "$name"
  rm -rf "dist/$name"
done
(cd dist && sha256sum ./*.tar.gz >SHA256SUMS)
ls -l dist
