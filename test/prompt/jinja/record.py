"""Writes golden.json again: what Jinja2 itself makes of its templates, in the environment of the original.

Run it with a Python that has jinja2 3.1: python3 record.py golden.json. Add templates as {"template": "..."}.
"""
import copy
import json
import sys

from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

environment = SandboxedEnvironment(trim_blocks=True, keep_trailing_newline=True)


def record(template, context):
    case = {"template": template}
    try:
        case["text"] = environment.from_string(template).render(**copy.deepcopy(context))
    except Exception as error:
        case["error"] = f"{type(error).__name__}: {error}"
    try:
        case["free"] = sorted(meta.find_undeclared_variables(environment.parse(template)))
    except Exception:
        pass
    return case


with open(sys.argv[1], encoding="utf-8") as file:
    golden = json.load(file)
golden["cases"] = [record(case["template"], golden["context"]) for case in golden["cases"]]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(golden, file, ensure_ascii=False, indent=1)
    file.write("\n")
