"""Whisper in CTranslate2's form to whisper.cpp's, with 8 bit matrices.

Sources: `parts` pieces of model.bin in order, then the vocabulary.txt beside it and whatever
else the package carries, which is not needed.
"""
import argparse
import io
import os
import shutil
import tempfile

import ct2_to_ggml


def convert(sources, out, parts=1):
    """Write the ggml file of a model; numpy only."""
    data = io.BytesIO()
    for path in sources[:parts]:
        with open(path, "rb") as stream:
            shutil.copyfileobj(stream, data)
    data.seek(0)
    header, tensors = ct2_to_ggml.build_tensors(ct2_to_ggml.read_ct2(data))
    with tempfile.TemporaryDirectory() as folder:  # the vocabulary, by the name it has in the package
        for path in sources[parts:]:
            shutil.copy(path, os.path.join(folder, os.path.basename(path)))
        tokens = ct2_to_ggml.read_tokens(folder)
    ct2_to_ggml.write_ggml(out, header, tensors, tokens, q8=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--out", required=True)
    parser.add_argument("--parts", type=int, default=1)
    args = parser.parse_args()
    convert(args.sources, args.out, args.parts)


if __name__ == "__main__":
    main()
