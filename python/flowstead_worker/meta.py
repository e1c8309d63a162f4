"""What flow.tools.json says about a Python tool: its inputs, and what its decorator says about them."""

import enum
import importlib
import inspect
import json
import typing

from promptflow.contracts.types import PromptTemplate

from .failure import ToolFault
from .icon import with_icons
from .schema import schema_fault
from .signature import MODULE, input_of, hints_of, settings_of

_OWN = ("name", "description", "type", "input_settings", "streaming_option_parameter")
_WORKSPACE = ("subscription_id", "resource_group_name", "workspace_name")
_HIDDEN = "uionly_hidden"


def meta_of(tool):
    """Everything of the meta but the name and the source, which its file gives. What is empty is left out."""
    meta, faults = checked_meta(tool, {})
    if faults:
        raise ToolFault("ToolValidationError", "Tool validation failed: %s" % ";".join(faults))
    return json.loads(json.dumps(meta))


def checked_meta(tool, identity, prompts=True):
    """The meta with what stands in `identity`, and what is wrong with it. Without `prompts`, templates are no inputs."""
    settings = settings_of(tool.function)
    inputs = {
        one.name: _input(one, hints)
        for one, hints in tool.parameters()
        if prompts or _annotation(one) is not PromptTemplate
    }
    extra = {key: value for key, value in settings.items() if key not in _OWN}
    input_settings = settings.get("input_settings") or {}
    faults = _icon_faults(extra) + _setting_faults(inputs, input_settings)
    if faults:
        return {}, faults
    meta = {
        **identity,
        "type": settings.get("type") or "python",
        "inputs": inputs,
        "description": settings.get("description") or inspect.getdoc(tool.function),
        "class_name": tool.provider.__name__ if tool.provider else None,
        "function": tool.function.__name__,
        "enable_kwargs": any(
            one.kind == one.VAR_KEYWORD for one in inspect.signature(tool.function).parameters.values()
        ),
    }
    _apply_settings(inputs, input_settings)
    whole = {**_filled(meta), **with_icons(extra)}
    fault = schema_fault(whole)
    return whole, [fault] if fault else []


def _filled(given):
    return {key: value for key, value in given.items() if value}


def _input(parameter, hints, custom=False):
    known = input_of(parameter, hints)
    default = parameter.default
    text = default.value if isinstance(default, enum.Enum) else str(default)
    return _filled(
        {
            "type": known["type"],
            "default": None if default is None or default is parameter.empty else text,
            "enum": known.get("enum"),
            "custom_type": known.get("custom_type") if custom else None,
        }
    )


def _apply_settings(inputs, input_settings):
    generated = {}
    for name, setting in input_settings.items():
        meta = inputs[name]
        given = dict(vars(setting))
        shown = {key: given.pop(key, None) for key in setting.SHOWN}
        if shown["dynamic_list"]:
            shown["dynamic_list"] = _dynamic_list(shown["dynamic_list"])
        if shown["generated_by"]:
            shown["generated_by"], made = _generated_by(shown["generated_by"])
            generated.update(made)
        meta.update(_filled(shown))
        for key, value in given.items():
            if isinstance(value, dict) and key in meta:
                meta[key].update(value)
            elif isinstance(value, list) and key in meta:
                meta[key].append(value)
            else:
                meta[key] = value
    inputs.update(generated)


def _dynamic_list(setting):
    function, path = _function(setting.function)
    mapping = setting.input_mapping or {}
    kwargs = []
    for parameter, info in _arguments(function):
        if parameter.name in mapping:
            info["reference"] = "${inputs.%s}" % mapping[parameter.name]
        info["optional"] = parameter.default is not parameter.empty
        if info["optional"]:
            info["default"] = parameter.default
        kwargs.append(info)
    return _filled({"func_path": path, "func_kwargs": kwargs})


def _generated_by(setting):
    function, path = _function(setting.function)
    kwargs = []
    inputs = {}
    for parameter, info in _arguments(function):
        info["reference"] = "${inputs.%s}" % parameter.name
        info["optional"] = parameter.default is not parameter.empty
        kwargs.append(info)
        own = (setting.input_settings or {}).get(parameter.name)
        if own is not None:
            shown = {key: vars(own).get(key) for key in own.SHOWN}
            if shown["dynamic_list"]:
                shown["dynamic_list"] = _dynamic_list(shown["dynamic_list"])
            inputs[parameter.name] = {**_filled(shown), "type": info["type"], "input_type": _HIDDEN}
    reverse = _function(setting.reverse_function)[1]
    return _filled({"func_path": path, "func_kwargs": kwargs, "reverse_func_path": reverse}), inputs


def _arguments(function):
    hints = hints_of(function)
    return [
        (one, {"name": one.name, **_input(one, hints, custom=True)})
        for one in inspect.signature(function).parameters.values()
        if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        and one.name not in ("self", *_WORKSPACE)
        and _annotation(one) is not PromptTemplate
    ]


def _annotation(parameter):
    options = [one for one in typing.get_args(parameter.annotation) if one is not type(None)]
    return options[0] if len(options) == 1 else parameter.annotation


def _function(given):
    """A function, given itself or by its path, and the path by which an editor finds it."""
    if isinstance(given, str):
        module, _, name = given.rpartition(".")
        return getattr(importlib.import_module(module), name), given
    if not callable(given):
        raise ToolFault(
            "ToolValidationError",
            "Function has invalid type, please provide callable or function name for function.",
        )
    if given.__module__ == MODULE:
        return given, "%s:%s" % (inspect.getfile(given), given.__name__)
    return given, "%s.%s" % (given.__module__, given.__name__)


def _icon_faults(extra):
    both = "icon" in extra and ("icon_light" in extra or "icon_dark" in extra)
    return ["Cannot provide both `icon` and `icon_light` or `icon_dark`."] if both else []


def _setting_faults(inputs, input_settings):
    faults = []
    for name, setting in input_settings.items():
        if name not in inputs:
            faults.append("Cannot find %s in tool inputs." % name)
        enabled_by = getattr(setting, "enabled_by", None)
        if enabled_by and enabled_by not in inputs:
            faults.append('Cannot find the input "%s" for the enabled_by of %s.' % (enabled_by, name))
        dynamic_list = getattr(setting, "dynamic_list", None)
        if dynamic_list:
            faults += _list_faults(inputs, dynamic_list)
    return faults


def _list_faults(inputs, setting):
    function, path = _function(setting.function)
    parameters = inspect.signature(function).parameters
    takes_any = any(one.kind == one.VAR_KEYWORD for one in parameters.values())
    missing = [
        name
        for name, one in parameters.items()
        if one.default is one.empty and one.kind != one.VAR_KEYWORD and name not in _WORKSPACE
    ]
    faults = []
    for name, reference in (setting.input_mapping or {}).items():
        if not takes_any and name not in parameters:
            faults.append("Cannot find %s in the inputs of dynamic_list func %s" % (name, path))
        if reference not in inputs:
            faults.append("Cannot find %s in the tool inputs." % reference)
        if name in missing:
            missing.remove(name)
    if missing:
        faults.append("Missing required input(s) of dynamic_list function: %s" % missing)
    return faults


__all__ = ["checked_meta", "meta_of"]
