#!/usr/bin/env bash
# Proves set-up on a bare Debian: debootstrap into a folder, this machine's Go and certificate authorities and make inside,
# then `make run` until it is ended, or another target. Needs root. usage: bare.sh FOLDER [TARGET]
set -euo pipefail
dir=${1:?usage: bare.sh FOLDER [TARGET]}
src=$(cd "$(dirname "$0")/.." && pwd)
command -v debootstrap >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends debootstrap; }
mirror=$(awk '/^(URIs:|deb )/ {print $2; exit}' /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null)
[ -x "$dir/bin/bash" ] || debootstrap --variant=minbase --include=git,make,ca-certificates bookworm "$dir" "$mirror"
mkdir -p "$dir/usr/local/go" "$dir/src"
mount --bind "$(go env GOROOT)" "$dir/usr/local/go"
mount -t proc proc "$dir/proc"
mount --bind /dev "$dir/dev"
trap 'umount "$dir/dev" "$dir/proc" "$dir/usr/local/go"' EXIT
cp /etc/resolv.conf "$dir/etc/resolv.conf"
cp -r /usr/local/share/ca-certificates/. "$dir/usr/local/share/ca-certificates/"
chroot "$dir" update-ca-certificates >/dev/null
git clone -q "$src" "$dir/src/showreel" 2>/dev/null || git -C "$dir/src/showreel" pull -q
env -i HOME=/root PATH=/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  GOPROXY="$(go env GOPROXY)" GONOSUMDB="$(go env GONOSUMDB)" GOSUMDB="$(go env GOSUMDB)" \
  PIP_CERT=/etc/ssl/certs/ca-certificates.crt NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
  chroot "$dir" bash -c 'cd /src/showreel && exec make '"${2:-run}"
