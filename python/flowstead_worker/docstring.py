"""What a docstring says of a function and its parameters, in the notations of Sphinx and of Google."""

import inspect
import re

_FIELD = re.compile(r"^:(\w+)([^:\n]*):[ \t]*(.*(?:\n(?!:).*)*)", re.MULTILINE)
_SECTION = re.compile(r"^(Args|Arguments|Parameters|Params|Returns?|Raises|Yields|Examples?|Attributes):[ \t]*$", re.M)
_ENTRY = re.compile(r"^(\*{0,2}\w+)[ \t]*(?:\([^)]*\))?:[ \t]*(.*(?:\n(?:[ \t]+.*|[ \t]*$))*)", re.MULTILINE)


def read(text):
    """The description, and descriptions of parameters by name."""
    text = inspect.cleandoc(text or "")
    if not text:
        return "", {}
    first = _FIELD.search(text)
    if first:
        named = [(words.split(), body) for kind, words, body in _FIELD.findall(text) if kind in ("param", "parameter", "arg")]
        return _description(text[: first.start()]), {words[-1]: _joined(body) for words, body in named if words}
    section = _SECTION.search(text)
    if section:
        return _description(text[: section.start()]), _arguments(text)
    return _description(text), {}


def _arguments(text):
    parts = _SECTION.split(text)
    found = {}
    for title, body in zip(parts[1::2], parts[2::2]):
        if title in ("Args", "Arguments", "Parameters", "Params"):
            body = inspect.cleandoc("\n" + body)
            found.update({name.lstrip("*"): _joined(told) for name, told in _ENTRY.findall(body)})
    return found


def _joined(text):
    return inspect.cleandoc(text).strip()


def _description(text):
    """The first line, an empty one where one follows it, and the rest."""
    short, newline, rest = text.partition("\n")
    lines = [short] if short else []
    if newline:
        if rest.startswith("\n"):
            lines.append("")
        if rest.strip():
            lines.append(rest.strip())
    return "\n".join(lines)
