#!/usr/bin/env bash
# Builds whisper.cpp 1.8.5 (MIT) for any x86-64 or arm64 Linux and lays it out in DIR, unless it is there already:
#   DIR/include          headers
#   DIR/lib              libwhisper, libggml, libggml-base and on x86-64 one libggml-cpu-VARIANT.so for each variant
#   DIR/bin              whisper-quantize
#   DIR/share/whisper    silero-vad-ggml.bin, the voice activity model that comes with the sources
#   DIR/share/doc        licences
# usage: whisper.sh DIR [CPU-VARIANT ...]   SOURCE_TARBALL=FILE skips the download
# The loader takes the best variant the processor has; the five of the default are enough for most machines.
# Needs python3 with pip, cmake 3.14, a C++17 compiler and make. Takes about three CPU minutes and 60 MB of room, once.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,11p' "$0" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
version=1.5.1 # of the source package pywhispercpp, which carries whisper.cpp whole
sum=5df897e5dd9d9f16804fc937bd85b9f5880a0b29a55f8843585e0e03d76195e5
all="x64 sse42 sandybridge ivybridge piledriver haswell skylakex cannonlake cascadelake icelake cooperlake zen4 alderlake sapphirerapids"
variants=${*:-x64 haswell skylakex icelake zen4}
stamp="$sum mended-1 $variants $(uname -m)"
if [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
echo "Building whisper.cpp 1.8.5 (2 MB of sources to download, about three CPU minutes)."

work=$(mktemp -d "$dir/.build.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ -n "${SOURCE_TARBALL:-}" ]; then
  cp "$SOURCE_TARBALL" "$work/source.tar.gz"
else
  # Only this package as source: "--no-binary :all:" would also build cmake itself from source.
  python3 -m pip download --quiet --no-deps --no-binary pywhispercpp -d "$work" "pywhispercpp==$version"
  mv "$work/pywhispercpp-$version.tar.gz" "$work/source.tar.gz"
fi
echo "$sum  $work/source.tar.gz" | sha256sum --quiet -c -
tar -xzf "$work/source.tar.gz" -C "$work" --no-same-owner
src=$work/pywhispercpp-$version/whisper.cpp
# Its alignment of words ends the program where a segment is shorter than its median filter (7 positions of 20 ms), and where
# the decoding for it is told to stop. Such words keep the times of the decoder.
sed -i -e 's/if (ctx->params.dtw_token_timestamps && n_segments) {/if (ctx->params.dtw_token_timestamps \&\& n_segments \&\& std::min(seek_delta, seek_end - seek) >= 16) {/' \
  -e '/WHISPER_LOG_INFO("DECODER FAILED\\n");/{n;s/WHISPER_ASSERT(0);/ggml_free(gctx); return;/}' "$src/src/whisper.cpp"
[ "$(grep -cE 'seek_end - seek\) >= 16|ggml_free\(gctx\); return;' "$src/src/whisper.cpp")" = 2 ] || { echo "whisper.cpp is not the one we know" >&2; exit 1; }

flags=(-DGGML_CPU_ALL_VARIANTS=OFF)
if [ "$(uname -m)" = x86_64 ]; then
  flags=(-DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON)
  # libggml depends on every variant, so leaving one out means taking it out of the build file.
  for v in $all; do
    [[ " $variants " == *" $v "* ]] || sed -i "/ggml_add_cpu_backend_variant($v[ )]/d" "$src/ggml/src/CMakeLists.txt"
  done
fi
log=$dir/build.log
{
  cmake -S "$src" -B "$work/b" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
    -DGGML_NATIVE=OFF "${flags[@]}" -DGGML_OPENMP=OFF -DGGML_LLAMAFILE=ON \
    -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_SERVER=OFF -DWHISPER_BUILD_EXAMPLES=ON -DWHISPER_SDL2=OFF \
    -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON -DCMAKE_INSTALL_RPATH='$ORIGIN;$ORIGIN/../lib' -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON
  nice cmake --build "$work/b" -j"${JOBS:-$(nproc)}" --target whisper whisper-quantize
} >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }

new=$work/new
mkdir -p "$new"/{include,lib,bin,share/whisper,share/doc/whisper.cpp}
cp "$src"/include/*.h "$src"/ggml/include/*.h "$new/include/"
find "$work/b" -name 'lib*.so*' -exec cp -a {} "$new/lib/" \;
find "$new/lib" -type f -name '*.so*' -exec strip --strip-unneeded {} +
cp "$work/b/bin/whisper-quantize" "$new/bin/"
cp "$src/models/for-tests-silero-v6.2.0-ggml.bin" "$new/share/whisper/silero-vad-ggml.bin"
cp "$src/LICENSE" "$new/share/doc/whisper.cpp/LICENSE"
for part in include lib bin share; do
  rm -rf "${dir:?}/$part"
  mv "$new/$part" "$dir/$part"
done
echo "$stamp" >"$dir/stamp" # last, so that a build that was interrupted is done again
