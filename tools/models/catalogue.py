"""Read models.yaml without a YAML library.

The file keeps to a subset of YAML: mappings and lists of mappings by
indentation (two spaces), one `key: value` a line, values either JSON (numbers,
true, "text", [..], {..}) or plain text to the end of the line; comments only on
lines of their own. Any YAML parser reads it with the same result.
"""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
# Beside the scripts where the program has unpacked them, else where the repository keeps it.
PLACES = [os.path.join(HERE, "models.yaml"), os.path.join(HERE, "..", "..", "engine", "catalogue", "models.yaml")]
PATH = next((p for p in PLACES if os.path.exists(p)), PLACES[-1])


def _value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def _lines(text):
    """(indent, content) of every line that says something; "- " counts as indent."""
    for line in text.splitlines():
        content = line.strip()
        if content and not content.startswith("#"):
            yield len(line) - len(line.lstrip()), content


def _block(lines, position, indent):
    """Parse the block that starts at position with this indent; returns (value, next)."""
    result = [] if lines[position][1].startswith("- ") else {}
    while position < len(lines) and lines[position][0] == indent:
        content = lines[position][1]
        if isinstance(result, list):
            lines[position] = (indent + 2, content[2:])
            value, position = _block(lines, position, indent + 2)
            result.append(value)
            continue
        key, _, text = (content + " ").partition(": ")
        position += 1
        if text.strip():
            result[key] = _value(text.strip())
        else:
            result[key], position = _block(lines, position, lines[position][0])
    return result, position


def parse(text):
    """Return the document as dicts, lists and values."""
    lines = list(_lines(text))
    value, end = _block(lines, 0, 0)
    if end != len(lines):
        raise ValueError("catalogue: bad indentation near %r" % lines[end][1])
    return value


def load(path=PATH):
    """Return {model id: entry}."""
    with open(path, encoding="utf-8") as stream:
        return parse(stream.read())["models"]


def choose(models, names):
    """Ids for names, where "default", "optional" and "all" stand for sets."""
    chosen = []
    for name in names:
        group = [i for i, entry in models.items() if name in ("all", entry["set"])]
        if not group and name not in models:
            raise SystemExit("no model or set named %r" % name)
        chosen += [i for i in group or [name] if i not in chosen]
    return chosen
