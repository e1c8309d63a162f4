"""What the meta of a tool may hold, and the first thing in one that may not be there, in the words of JSON Schema."""

import pprint

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_TRUTH = {"type": "boolean"}
_INPUT = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "description": _TEXT,
        "enum": _TEXTS,
        "enabled_by": _TEXT,
        "enabled_by_value": {"type": "array"},
        "model_list": _TEXTS,
        "capabilities": {"type": "object"},
        "allow_manual_entry": _TRUTH,
        "is_multi_select": _TRUTH,
        "input_type": {"type": "string", "enum": ["default", "uionly_hidden"]},
        "ui_hints": {"type": "object"},
    },
}
_TOOL = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "inputs": {"type": "object", "additionalProperties": _INPUT},
        "description": _TEXT,
        "category": _TEXT,
        "tags": {"type": "object"},
        "is_builtin": _TRUTH,
        "package": _TEXT,
        "package_version": _TEXT,
        "default_prompt": _TEXT,
        "deprecated_tools": _TEXTS,
        "tool_state": {"type": "string", "enum": ["stable", "preview", "deprecated"]},
    },
}
_KINDS = {"string": str, "array": list, "object": dict, "boolean": bool}


def schema_fault(meta):
    """None, or the fault that lies least deep; of several, the one whose name comes last, as jsonschema tells it."""
    faults = list(_faults(meta, _TOOL, (), ()))
    return _told(*min(faults, key=lambda fault: (len(fault[0]), _reversed(fault[0])))) if faults else None


def _faults(value, schema, path, rules):
    """(path of the value, path of the rule, rule, schema, value)"""
    kind = schema.get("type")
    if kind and not isinstance(value, _KINDS[kind]):
        yield path, rules, "type", schema, value
    if "enum" in schema and value not in schema["enum"]:
        yield path, rules, "enum", schema, value
    if isinstance(value, dict):
        for name, one in value.items():
            known = schema.get("properties", {}).get(name)
            if known:
                yield from _faults(one, known, (*path, name), (*rules, "properties", name))
            elif "additionalProperties" in schema:
                rest = schema["additionalProperties"]
                yield from _faults(one, rest, (*path, name), (*rules, "additionalProperties"))
    if isinstance(value, list) and "items" in schema:
        for index, one in enumerate(value):
            yield from _faults(one, schema["items"], (*path, index), (*rules, "items"))


def _reversed(path):
    return [[-ord(letter) for letter in str(part)] for part in path]


def _told(path, rules, rule, schema, value):
    reason = "is not of type %r" if rule == "type" else "is not one of %r"
    return "%r %s\n\nFailed validating %r in schema%s:\n%s\n\nOn instance%s:\n%s" % (
        value,
        reason % (schema[rule],),
        rule,
        _index(rules),
        _indented(schema),
        _index(path),
        _indented(value),
    )


def _index(path):
    return "".join("[%r]" % (part,) for part in path)


def _indented(value):
    return "\n".join("    " + line for line in pprint.pformat(value, width=72, sort_dicts=False).split("\n"))


__all__ = ["schema_fault"]
