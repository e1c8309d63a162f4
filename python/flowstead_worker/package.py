"""Tools of installed packages: found by the entry points of the group `package_tools`, as the original finds them."""

import importlib
import importlib.metadata
import inspect

from promptflow._tool import settings_of
from promptflow.contracts.types import PromptTemplate
from promptflow.core import ToolProvider

from .failure import ToolFault
from .signature import Tool, hints_of

GROUP = "package_tools"
PREFIX = "package:"


class PackageTool(Tool):
    """A tool whose inputs are those that its package declares."""

    def __init__(self, module, function, provider, meta):
        super().__init__(module, function, provider)
        self._meta = meta

    def describe(self):
        signature = super().describe()
        declared = {name: _input(given) for name, given in (self._meta.get("inputs") or {}).items()}
        for name, given in declared.items():
            own = signature["inputs"].get(name) or {}
            given["has_default"] = bool(own.get("has_default")) or given["has_default"]
            if "default" in own:
                given.setdefault("default", own["default"])
        hints = hints_of(self.function)
        prompts = [name for name, hint in hints.items() if hint is PromptTemplate]
        settings = settings_of(self.function)
        return {
            **signature,
            "inputs": {**signature["inputs"], **declared},
            "declared": list(declared),
            "title": self._meta.get("name") or signature["name"],
            "prompt": prompts[0] if prompts else None,
            "takes_escapes": any(
                one.kind == one.VAR_KEYWORD or name == "_inputs_to_escape"
                for name, one in inspect.signature(self.function).parameters.items()
            ),
            "streaming_option": settings.get("streaming_option_parameter"),
        }


def load_package(identifier, wanted):
    """The tool with this id; an id that its package calls deprecated counts too."""
    metas = _collect(wanted)
    meta = metas.get(identifier)
    if meta is None:
        olds = [one for one in metas.values() if identifier in (one.get("deprecated_tools") or ())]
        meta = olds[0] if olds else None
    if meta is None:
        raise ToolFault("PackageToolNotFoundError", "\n".join(metas))
    name = meta.get("name") or identifier
    try:
        module = importlib.import_module(meta["module"])
        provider = getattr(module, meta["class_name"]) if meta.get("class_name") else None
        function = getattr(provider or module, meta["function"])
    except AttributeError as error:
        # A module that fails with one by itself has a traceback that leads into it.
        if error.__traceback__.tb_next is None:
            raise ToolFault("AttributeError", str(error)) from error
        raise _not_loaded(name, error) from error
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise _not_loaded(name, error) from error
    if provider is not None and not issubclass(provider, ToolProvider):
        raise ToolFault(
            "ToolLoadError",
            "Failed to load package tool '%s': (TypeError) class '%s' is no ToolProvider" % (name, provider.__name__),
        )
    return PackageTool(module, function, provider, meta)


def _not_loaded(name, error):
    kind = type(error).__name__
    return ToolFault("ToolLoadError", "Failed to load package tool '%s': (%s) %s" % (name, kind, error))


def _collect(wanted):
    """Metas by id, of the tools that a flow names; a package that fails is as if it were not installed."""
    found = {}
    for entry_point in entry_points():
        try:
            metas = entry_point.load()()
        except Exception:
            continue
        for identifier, meta in metas.items():
            names = {identifier, *(meta.get("deprecated_tools") or ())}
            if names.intersection(wanted):
                found[identifier] = meta
    return found


def entry_points():
    entry_points = importlib.metadata.entry_points()
    return entry_points.select(group=GROUP) if hasattr(entry_points, "select") else entry_points.get(GROUP, [])


def _input(given):
    kinds = given.get("type") or ["object"]
    definition = {"type": kinds if isinstance(kinds, list) else [kinds], "has_default": "default" in given}
    for key in ("default", "custom_type"):
        if key in given:
            definition[key] = given[key]
    if given.get("enum"):
        definition["enum"] = [str(one) for one in given["enum"]]
    return definition


__all__ = ["PREFIX", "load_package"]
