"""Writes reference.json and caption.png, against which the Go pre- and post-processing is compared.

    python3 testdata/reference.py MODELS SAMPLES      (needs rapidocr 3.10.0, onnxruntime, pillow, numpy)

Everything here is independent of the Go code: Pillow resizes, numpy decodes NanoDet's output after the upstream
implementation, and writing is read by the package rapidocr itself.
"""
import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from rapidocr import RapidOCR

models, samples = sys.argv[1:]
out = {"labels": {}, "objects": {}, "text": []}


def net(name):
    o = onnxruntime.SessionOptions()
    o.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(f"{models}/{name}/model.onnx", o)


def resized(name, side):
    return np.asarray(Image.open(f"{samples}/{name}").convert("RGB").resize((side, side), Image.BILINEAR)).astype(np.float32)


def top(values, n):
    return [[int(i), float(values[i])] for i in np.argsort(-values)[:n]]


efficient, nano = net("efficientnet-lite2"), net("nanodet")
for name in ("cat.png", "coffee.png", "astronaut.png"):
    prob, feat = efficient.run(["prob", "feat"], {"input": ((resized(name, 260) - 127) / 128).transpose(2, 0, 1)[None]})
    feat = feat[0] / np.linalg.norm(feat[0])
    out["labels"][name] = {"top": top(prob[0], 4), "features": [float(v) for v in feat[:1280:80]]}

    x = (resized(name, 416)[:, :, ::-1] - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
    got = nano.run(["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"], {"input_1": x.transpose(2, 0, 1)[None].astype(np.float32)})
    best = []
    for scale, stride in enumerate((8, 16, 32)):
        side = 416 // stride
        for cell in range(side * side):
            scores = got[scale][0, cell]
            k = int(scores.argmax())
            if scores[k] < 0.3:
                continue
            bins = got[scale + 3][0, cell].reshape(4, 11)
            e = np.exp(bins - bins.max(1, keepdims=True))
            l, t, r, b = (e / e.sum(1, keepdims=True) @ np.arange(11)) * stride
            x0, y0 = (cell % side + 0.5) * stride, (cell // side + 0.5) * stride
            best.append([k, float(scores[k])] + [float(np.clip(v / 416, 0, 1)) for v in (x0 - l, y0 - t, x0 + r, y0 + b)])
    out["objects"][name] = sorted(best, key=lambda o: -o[1])[:1]

photo = Image.open(f"{samples}/coffee.png").convert("RGB").resize((640, 352), Image.BILINEAR).filter(ImageFilter.GaussianBlur(6)).quantize(32).convert("RGB")
draw = ImageDraw.Draw(photo)
font = "/usr/share/fonts/truetype/dejavu/DejaVuSans%s.ttf"
for x, y, size, bold, words in ((30, 40, 26, "-Bold", "Harbour bridge reopens"), (30, 300, 20, "", "Tickets from 12.50 at www.example.org"), (430, 150, 34, "-Bold", "GATE 7")):
    draw.text((x, y), words, font=ImageFont.truetype(font % bold, size), fill="white", stroke_width=2, stroke_fill="black")
photo.quantize(48).save("testdata/caption.png", optimize=True)
read = RapidOCR()("testdata/caption.png")
out["text"] = [[t, float(s), [[float(x) / 640, float(y) / 352] for x, y in b]] for t, s, b in zip(read.txts, read.scores, read.boxes)]
json.dump(out, open("testdata/reference.json", "w"), indent=1)
