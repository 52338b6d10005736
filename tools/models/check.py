"""Run converted models and compare them with stored expected outputs.

    check.py MODELS [ID ...]            compare; exit status 1 on a difference
    check.py MODELS [ID ...] --record   write the expected outputs anew

MODELS holds ID/model.onnx for the ids of models.yaml (as the installer lays
them out). An entry's `test` says how each input is made from its seed. expected.npz
keeps, per output, its shape and values at evenly spaced places ("probes") of
the reference: the original framework's own export, or the package's own ONNX
file. Needs onnxruntime next to numpy.
"""
import argparse
import os

import numpy as np
import onnxruntime

import catalogue

EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected.npz")
PROBES = 400
DEFAULT_TOLERANCE = 1e-3


def mosaic(random, height, width, cell):
    """uint8 [height, width, 3] of coloured squares with noise."""
    coarse = random.randint(0, 256, (-(-height // cell), -(-width // cell), 3))
    image = coarse.repeat(cell, 0).repeat(cell, 1)[:height, :width]
    return np.clip(image + random.randint(-20, 21, image.shape), 0, 255).astype(np.uint8)


def picture(random, shape, subtract, divide):
    """float32 [1, 3, h, w] or [1, h, w, 3]: (value - subtract) / divide."""
    planar = shape[1] == 3
    height, width = shape[2:] if planar else shape[1:3]
    image = (mosaic(random, height, width, 32).astype(np.float32) - subtract) / divide
    return (image.transpose(2, 0, 1) if planar else image)[None].astype(np.float32)


def film(random, shape, cuts):
    """uint8 [1, frames, h, w, 3]: a still picture with noise between the cuts."""
    _, frames, height, width, _ = shape
    ends = list(cuts) + [frames]
    scenes = [mosaic(random, height, width, 8) for _ in ends]
    still = np.stack([scenes[sum(f >= end for end in ends)] for f in range(frames)])
    noise = random.randint(-6, 7, still.shape)
    return np.clip(still + noise, 0, 255).astype(np.uint8)[None]


def make_input(random, spec, folder):
    """One input tensor from its description in the catalogue; folder: the model's."""
    kind = spec["make"]
    if kind == "file":
        path, count = os.path.join(folder, spec["name"]), int(np.prod(spec["shape"]))
        return np.fromfile(path, np.float32, count, offset=spec["offset"]).reshape(spec["shape"])
    if kind == "zeros":
        return np.zeros(spec["shape"], np.float32)
    if kind == "picture":
        return picture(random, spec["shape"], spec["subtract"], spec["divide"])
    if kind == "film":
        return film(random, spec["shape"], spec["cuts"])
    if kind == "integers":
        return random.randint(spec["low"], spec["high"], spec["shape"]).astype(np.int64)
    if kind == "uniform":
        value = random.random_sample(spec["shape"]) ** spec["power"]
        return (spec["low"] + (spec["high"] - spec["low"]) * value).astype(np.float32)
    return np.array(spec["value"], spec["dtype"])


def run(path, entry):
    """Outputs {name: array} of a model for its test input."""
    random = np.random.RandomState(entry["seed"])
    folder = os.path.dirname(path)
    feeds = {name: make_input(random, spec, folder) for name, spec in entry["test"].items()}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def probes(array):
    """Values at evenly spaced places of the flattened array, as float32."""
    flat = array.reshape(-1)
    places = np.linspace(0, flat.size - 1, min(PROBES, flat.size)).round().astype(np.int64)
    return flat[places].astype(np.float32)


def fits(shape, wanted):
    """Does a shape fit the catalogue's (strings stand for any size)?"""
    return len(shape) == len(wanted) and all(isinstance(w, str) or s == w for s, w in zip(shape, wanted))


def distance(values, wanted, tolerance):
    """(kind of measure, value, limit, within the limit?).

    A number limits the largest absolute difference. Integer-quantised models
    differ between versions of the runtime; for them {"cosine": least} compares
    directions and {"level": most} the relative difference of the mean square roots.
    """
    if not isinstance(tolerance, dict):
        worst = float(np.abs(values - wanted).max())
        return "max abs diff", worst, tolerance, worst <= tolerance
    (kind, limit), = tolerance.items()
    norms = np.linalg.norm(values), np.linalg.norm(wanted)
    if kind == "cosine":
        cosine = float(values @ wanted / (norms[0] * norms[1]))
        return kind, cosine, limit, cosine >= limit
    level = float(abs(norms[0] / norms[1] - 1))
    return kind, level, limit, level <= limit


def compare(name, outputs, entry, expected):
    """Print one line per output; returns the number of failures."""
    missing = sorted(set(entry["outputs"]) - set(outputs))
    for output in missing:
        print("%-20s %-28s MISSING" % (name, output))
    failures = len(missing)
    for output, array in outputs.items():
        key, wanted_shape = name + "|" + output, entry["outputs"].get(output, array.shape)
        if key not in expected:
            print("%-20s %-28s nothing to compare with" % (name, output))
            continue
        good, text = list(array.shape) == list(expected[key + "|shape"]), "other shape"
        good = good and fits(array.shape, wanted_shape)
        if good:
            tolerance = entry["tolerance"].get(output, DEFAULT_TOLERANCE)
            kind, value, limit, good = distance(probes(array), expected[key], tolerance)
            text = "%s %.3g (limit %g)" % (kind, value, limit)
        failures += not good
        print("%-20s %-28s %-18s %s %s" % (name, output, array.shape, text, "ok" if good else "FAILED"))
    return failures


def record(results):
    """Write expected.npz; results: {model: {output: array}}. Others are kept."""
    stored = dict(np.load(EXPECTED)) if os.path.exists(EXPECTED) else {}
    for name, outputs in results.items():
        for output, array in outputs.items():
            stored[name + "|" + output] = probes(array)
            stored[name + "|" + output + "|shape"] = np.array(array.shape, np.int32)
    np.savez_compressed(EXPECTED, **stored)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", help="folder with ID/model.onnx")
    parser.add_argument("ids", nargs="*", help="default: all that are there")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    entries, results, failures = catalogue.load(), {}, 0
    path = lambda name: os.path.join(args.models, name, "model.onnx")
    names = catalogue.choose(entries, args.ids) if args.ids else [
        name for name, entry in entries.items() if "test" in entry and os.path.exists(path(name))]
    expected = {} if args.record or not os.path.exists(EXPECTED) else np.load(EXPECTED)
    for name in (n for n in names if "test" in entries[n]):
        results[name] = run(path(name), entries[name])
        failures += 0 if args.record else compare(name, results[name], entries[name], expected)
    if args.record:
        record(results)
    raise SystemExit(1 if failures or not results else 0)


if __name__ == "__main__":
    main()
