"""Whether the tools of a file, a folder, a package, a class or a function can be used: what `tool validate` says."""

import importlib
import inspect
import os
import pkgutil
import sys
import traceback

from promptflow._tool import is_tool, settings_of
from promptflow.core import ToolProvider

from .failure import ToolFault
from .meta import checked_meta
from .package import GROUP, entry_points
from .signature import Tool, load_module, tools_in, tools_of


def verdict(source: str) -> dict:
    """{count, invalid, faults}, or {problem} for a source that names nothing which could be validated."""
    try:
        collected = _collect(source)
    except _Unusable as problem:
        return {"problem": str(problem)}
    tools, faults = collected
    told = [(tool, _faults_of(tool)) for tool in tools]
    return {
        "count": len(tools) + len(faults),
        "invalid": sum(1 for _, found in told if found) + len(faults),
        "faults": faults + [_fault(tool, message) for tool, found in told for message in found],
    }


class _Unusable(Exception):
    """The source is nothing that has tools."""


def _collect(source):
    """The tools, and as faults the files that could not be read."""
    if os.path.isdir(source):
        return _tools_of(_loads_of_folder(os.path.realpath(source)))
    if os.path.isfile(source):
        if not source.endswith(".py"):
            raise _Unusable("%s is no Python file." % source)
        return _tools_of([_load_of_file(os.path.realpath(source))])
    named = _named(source)
    if inspect.ismodule(named):
        _check_installed(named.__name__)
        if not hasattr(named, "__path__"):
            return tools_in(named), []
        return _tools_of(_loads_of_package(named.__path__, named.__name__))
    module = sys.modules[named.__module__]
    if inspect.isclass(named) and issubclass(named, ToolProvider):
        return tools_of(module, named), []
    return [Tool(module, named, None)], []


def _load_of_file(path):
    return path, lambda: load_module(path, os.path.splitext(os.path.basename(path))[0])


def _loads_of_folder(folder):
    """Its own files and the packages in it; of a package, its modules, which may import one another by relative names."""
    if _is_package(folder):
        name = os.path.basename(folder)
        while _is_package(os.path.dirname(folder)):
            folder = os.path.dirname(folder)
            name = "%s.%s" % (os.path.basename(folder), name)
        sys.path.insert(0, os.path.dirname(folder))
        yield from _loads_of_package([os.path.join(os.path.dirname(folder), *name.split("."))], name)
        return
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        # What builds a package is no part of it, and would begin to when it is read.
        if name.endswith(".py") and name != "setup.py":
            yield _load_of_file(path)
        elif _is_package(path):
            yield from _loads_of_folder(path)


def _is_package(folder):
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def _loads_of_package(places, name):
    for finder, found, is_package in pkgutil.iter_modules(places, name + "."):
        last = found.rpartition(".")[2]
        if last == "__main__":  # A program, which would run.
            continue
        path = os.path.join(finder.path, last if is_package else last + ".py")
        yield path, lambda found=found: _imported(found)
        if is_package:
            yield from _loads_of_package([path], found)


def _imported(name):
    try:
        return importlib.import_module(name)
    except Exception as error:
        kind = type(error).__name__
        raise ToolFault("PythonLoadError", "Failed to load python module '%s': (%s) %s" % (name, kind, error)) from error


def _tools_of(loads):
    tools, faults = [], []
    for path, read in loads:
        try:
            tools += tools_in(read())
        except ToolFault as fault:
            faults.append({"message": str(fault), "location": _place(fault.__cause__, path)})
    return tools, faults


def _place(error, path):
    """The last line of the file on the way to the error."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return "%s:%s" % (path, error.lineno)
    lines = [frame.lineno for frame in traceback.extract_tb(getattr(error, "__traceback__", None)) if frame.filename == path]
    return "%s:%d" % (path, lines[-1]) if lines else path


def _named(source):
    """What `package`, `package.module` or `package.module.function` names."""
    try:
        return importlib.import_module(source)
    except ImportError:
        name, _, last = source.rpartition(".")
        try:
            named = getattr(importlib.import_module(name or source), last)
        except Exception as error:
            why = "%s: %s" % (type(error).__name__, error)
            raise _Unusable("there is no such file, and importing it gives %s" % why) from error
    except Exception as error:
        raise _Unusable("importing it gives %s: %s" % (type(error).__name__, error)) from error
    if not callable(named):
        raise _Unusable("it is a %s, and no package, class or function." % type(named).__name__)
    return named


def _check_installed(name):
    if not any(one.value.partition(":")[0].partition(".")[0] == name.partition(".")[0] for one in entry_points()):
        raise _Unusable(
            "Invalid package tool. No installed package has the entry point '%s' for %s. "
            "Before it is installed, its folder or a file can be validated." % (GROUP, name)
        )


def _faults_of(tool):
    if not is_tool(tool.function):
        return ["%s has no decorator @tool." % tool.function.__name__]
    name = settings_of(tool.function).get("name") or tool.function.__qualname__
    try:
        return checked_meta(tool, {"name": name, "module": tool.function.__module__}, prompts=False)[1]
    except Exception as error:
        return [str(error)]


def _fault(tool, message):
    function = inspect.unwrap(tool.function)
    return {"message": message, "function_name": function.__name__, "location": inspect.getsourcefile(function)}


__all__ = ["verdict"]
