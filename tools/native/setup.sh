#!/usr/bin/env bash
# Brings what the program that runs models needs besides models: whisper.cpp, built here, and ONNX Runtime. What is there
# is left alone. The link in the repository lets cgo find whisper.cpp's headers. usage: setup.sh DIR
set -euo pipefail
dir=${1:?usage: setup.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
bash "$here/whisper.sh" "$dir/whisper"
bash "$here/onnxruntime.sh" "$dir/onnxruntime"
ln -sfn "$(cd "$dir" && pwd)/whisper/include" "$here/../../engine/speech/whisperspeech/include"
