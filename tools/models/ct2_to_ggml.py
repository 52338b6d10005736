#!/usr/bin/env python3
"""Convert a CTranslate2 Whisper model folder to a whisper.cpp ggml file (f16 or q8_0).

The folder holds model.bin (CTranslate2 binary format, version 6, spec WhisperSpec) and one
of vocabulary.txt, vocabulary.json or tokenizer.json. Only numpy is needed: the binary format
is read here, the mel filter bank (Slaney scale and norm, as Whisper was trained) is computed.
float32, float16 and int8 (with *_scale) variables are accepted; matrices are written as f16,
vectors and position tables as f32, which is the layout of whisper.cpp's own f16 files. With
--q8 matrices become blocks of 32 signed bytes with an f16 scale each, byte for byte what
whisper.cpp's own whisper-quantize makes of the f16 file.
The output depends only on the input: the same model gives the same sha256.

    ct2_to_ggml.py --model-dir DIR --output ggml-base.bin [--q8] [--model-part model.bin.part1 ...]
"""
import argparse
import hashlib
import io
import json
import os
import struct
import sys

import numpy as np

DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
N_BPE = 50257  # byte-pair tokens; whisper.cpp adds the special tokens by itself
N_AUDIO_CTX, SAMPLE_RATE, N_FFT, HEAD = 1500, 16000, 400, 64
F32, F16, Q8_0 = 0, 1, 8  # ggml's tensor types
FTYPE_F16, FTYPE_Q8_0 = 1, 2 * 1000 + 7  # of the whole file; 2 is the version of the quantised layout
BLOCK = 32  # weights that share a scale


def read_ct2(stream):
    """Return {name: array} of a CTranslate2 model.bin."""
    def take(n, what):
        data = stream.read(n)
        if len(data) != n:
            raise ValueError(f"model.bin is cut short while reading {what}")
        return data

    def num(fmt, what):
        return struct.unpack("<" + fmt, take(struct.calcsize("<" + fmt), what))[0]

    def string(what):
        return take(num("H", what), what)[:-1].decode()  # length counts the closing NUL

    version, spec, revision = num("I", "version"), string("spec name"), num("I", "revision")
    if spec != "WhisperSpec" or version < 6:
        raise ValueError(f"need a WhisperSpec of binary version 6, have {spec} version {version}")
    variables = {}
    for _ in range(num("I", "variable count")):
        name = string("variable name")
        dims = [num("I", name) for _ in range(num("B", name))]
        dtype = DTYPES[num("B", name)]
        variables[name] = np.frombuffer(take(num("I", name), name), dtype).reshape(dims)
    for _ in range(num("I", "alias count")):  # tied weights are stored once and aliased
        alias, name = string("alias"), string("alias target")
        variables.setdefault(alias, variables[name])
    return variables


def read_tokens(folder):
    """Byte strings of the first N_BPE tokens, in order of id ('' for those without text)."""
    path = os.path.join(folder, "vocabulary.txt")
    if os.path.exists(path):
        with open(path, encoding="utf-8", newline="\n") as f:
            words = dict(enumerate(f.read().split("\n")))
    elif os.path.exists(path := os.path.join(folder, "vocabulary.json")):
        with open(path, encoding="utf-8") as f:
            words = dict(enumerate(json.load(f)))
    else:
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as f:
            words = {i: t for t, i in json.load(f)["model"]["vocab"].items()}
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in printable]
    byte_of = {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(rest)}
    return [bytes(byte_of[c] for c in w) if all(c in byte_of for c in w) else b""
            for w in (words.get(i, "") for i in range(N_BPE))]


def mel_filters(n_mels):
    """Slaney mel filter bank, (n_mels, N_FFT / 2 + 1) float32."""
    bins = np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE)
    mels = np.linspace(0.0, 45.245640471924965, n_mels + 2)
    freqs, knee = 200.0 / 3 * mels, 1000.0 / (200.0 / 3)
    high = mels >= knee
    freqs[high] = 1000.0 * np.exp(np.log(6.4) / 27.0 * (mels[high] - knee))
    width, ramps = np.diff(freqs), freqs[:, None] - bins[None, :]
    weights = np.maximum(0, np.minimum(-ramps[:-2] / width[:-1, None], ramps[2:] / width[1:, None]))
    return (weights * (2.0 / (freqs[2:] - freqs[:-2]))[:, None]).astype(np.float32)


def sinusoids(length, channels):
    """Whisper's fixed encoder positions (CTranslate2 files may leave them out)."""
    inv = np.exp(-np.log(10000) / (channels // 2 - 1) * np.arange(channels // 2))
    angle = np.arange(length)[:, None] * inv[None]
    return np.concatenate([np.sin(angle), np.cos(angle)], 1).astype(np.float32)


def build_tensors(variables):
    """Return (ggml header fields, {tensor name: float32 array}) with OpenAI's tensor names."""
    def get(name):
        w = variables[name]
        if w.dtype == np.int8:
            scale = variables[name + "_scale"].astype(np.float32)
            return w.astype(np.float32) / scale.reshape(-1, *[1] * (w.ndim - 1))
        return w.astype(np.float32)

    out = {}

    def norm(dst, src):
        out[dst + ".weight"], out[dst + ".bias"] = get(src + "/gamma"), get(src + "/beta")

    def linear(dst, src, names):  # CTranslate2 fuses query, key and value in one matrix
        weights = np.split(get(src + "/weight"), len(names))
        biases = np.split(get(src + "/bias"), len(names))
        for name, w, b in zip(names, weights, biases):
            out[f"{dst}.{name}.weight"] = w
            if name != "key":  # Whisper's key projection has no bias
                out[f"{dst}.{name}.bias"] = b

    layers = {s: sum(k.startswith(s + "/layer_") and k.endswith("ffn/linear_0/bias")
                     for k in variables) for s in ("encoder", "decoder")}
    _, n_mels, _ = variables["encoder/conv1/weight"].shape
    vocab, width = variables["decoder/embeddings/weight"].shape
    for conv in ("conv1", "conv2"):
        out[f"encoder.{conv}.weight"] = get(f"encoder/{conv}/weight")
        out[f"encoder.{conv}.bias"] = get(f"encoder/{conv}/bias").reshape(-1, 1)
    positions = "encoder/position_encodings/encodings"
    out["encoder.positional_embedding"] = (
        get(positions) if positions in variables else sinusoids(N_AUDIO_CTX, width))
    out["decoder.positional_embedding"] = get("decoder/position_encodings/encodings")
    out["decoder.token_embedding.weight"] = get("decoder/embeddings/weight")
    for side in ("encoder", "decoder"):
        for i in range(layers[side]):
            src, dst = f"{side}/layer_{i}", f"{side}.blocks.{i}"
            norm(dst + ".attn_ln", src + "/self_attention/layer_norm")
            linear(dst + ".attn", src + "/self_attention/linear_0", ["query", "key", "value"])
            linear(dst + ".attn", src + "/self_attention/linear_1", ["out"])
            if side == "decoder":
                norm(dst + ".cross_attn_ln", src + "/attention/layer_norm")
                linear(dst + ".cross_attn", src + "/attention/linear_0", ["query"])
                linear(dst + ".cross_attn", src + "/attention/linear_1", ["key", "value"])
                linear(dst + ".cross_attn", src + "/attention/linear_2", ["out"])
            norm(dst + ".mlp_ln", src + "/ffn/layer_norm")
            linear(dst + ".mlp", src + "/ffn/linear_0", ["0"])
            linear(dst + ".mlp", src + "/ffn/linear_1", ["2"])
    norm("encoder.ln_post", "encoder/layer_norm")
    norm("decoder.ln", "decoder/layer_norm")
    heads, text_ctx = width // HEAD, out["decoder.positional_embedding"].shape[0]
    header = (vocab, N_AUDIO_CTX, width, heads, layers["encoder"], text_ctx, width, heads,
              layers["decoder"], n_mels)
    return header, out


def q8_0(w):
    """Blocks of an f16 scale and 32 int8, for a matrix whose rows are multiples of 32."""
    blocks = w.astype(np.float16).astype(np.float32).reshape(-1, BLOCK)
    scale = np.abs(blocks).max(1, keepdims=True) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    scaled = blocks * inverse
    whole = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)  # C's roundf
    out = np.empty(len(blocks), np.dtype([("scale", "<f2"), ("values", "i1", BLOCK)]))
    out["scale"], out["values"] = scale[:, 0].astype(np.float16), whole
    return out.tobytes()


def encode(name, w, q8):
    """(ggml type, bytes) of one tensor."""
    if w.ndim < 2 or name.endswith(("positional_embedding", "conv1.bias", "conv2.bias")):
        return F32, np.ascontiguousarray(w, np.float32).tobytes()
    if q8 and w.ndim == 2:
        return Q8_0, q8_0(w)
    return F16, np.ascontiguousarray(w, np.float16).tobytes()


def write_ggml(path, header, tensors, tokens, q8=False):
    filters, partial = mel_filters(header[9]), path + ".partial"
    with open(partial, "wb") as f:
        f.write(struct.pack("<12i", 0x67676D6C, *header[:10], FTYPE_Q8_0 if q8 else FTYPE_F16))
        f.write(struct.pack("<2i", *filters.shape) + filters.tobytes())
        f.write(struct.pack("<i", len(tokens)))
        for token in tokens:
            f.write(struct.pack("<i", len(token)) + token)
        for name, w in tensors.items():
            kind, raw = encode(name, w, q8)
            key = name.encode()
            f.write(struct.pack("<3i", w.ndim, len(key), kind))
            f.write(struct.pack(f"<{w.ndim}i", *w.shape[::-1]) + key + raw)
    os.replace(partial, path)  # never leaves half a file under the final name


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model-dir", required=True, help="folder with model.bin and the vocabulary")
    p.add_argument("--output", required=True, help="ggml file to write")
    p.add_argument("--q8", action="store_true", help="quantise matrices to 8 bit")
    p.add_argument("--model-part", action="append", default=[], metavar="FILE",
                   help="read these files, joined in order, instead of model.bin")
    a = p.parse_args()
    data = b"".join(open(x, "rb").read() for x in a.model_part or [os.path.join(a.model_dir, "model.bin")])
    try:
        header, tensors = build_tensors(read_ct2(io.BytesIO(data)))
    except (ValueError, KeyError) as e:
        sys.exit(f"ct2_to_ggml: {e}")
    write_ggml(a.output, header, tensors, read_tokens(a.model_dir), a.q8)
    with open(a.output, "rb") as f:
        digest = hashlib.file_digest(f, "sha256").hexdigest()
    print(f"{digest}  {a.output}  {os.path.getsize(a.output)} bytes, {len(tensors)} tensors")


if __name__ == "__main__":
    main()
