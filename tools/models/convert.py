"""Run one converter: convert.py CONVERTER RESULT OPTIONS SOURCE...

CONVERTER is a module of this folder with convert(sources, out, **options); OPTIONS
are its keyword arguments as JSON. The installer runs it in a process of its own,
without a network; numpy and onnx come from requirements.txt.
"""
import importlib
import json
import sys


def main():
    converter, result, options = sys.argv[1:4]
    importlib.import_module(converter).convert(sys.argv[4:], result, **json.loads(options))


if __name__ == "__main__":
    main()
