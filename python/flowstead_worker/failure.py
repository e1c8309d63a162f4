"""An exception as a message: its class, its text and the traceback through the user's code only."""

import importlib
import os
import traceback

from promptflow.exceptions import PromptflowException

_OWN = (
    os.path.dirname(os.path.abspath(__file__)),
    os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "promptflow"),
)
# Between a file and the one that it imports.
_IMPORTS = (os.path.dirname(importlib.__file__), "<frozen importlib")


class ToolFault(Exception):
    """A fault found by the worker itself, with one of the original's codes."""

    def __init__(self, code, message, missing=None):
        super().__init__(message)
        self.code = code
        self.missing = missing


class Canceled(BaseException):
    """Raised in a node's thread when its call is canceled."""


def describe(error):
    if isinstance(error, ToolFault):
        fault = {"code": error.code, "message": str(error)}
        if error.missing:
            fault["missing"] = error.missing
        return {**fault, **_place(error.__cause__)} if error.__cause__ is not None else fault
    message = {"class": type(error).__name__, "message": _text(error), **_place(error)}
    if isinstance(error, PromptflowException):
        message["chain"] = getattr(error, "chain", None) or _chain(type(error))
    return message


def _place(error):
    """Where in the user's code it was raised; what cannot be read as Python has no frame of its own."""
    frames = [frame for frame in _frames(error) if not frame.filename.startswith(_OWN + _IMPORTS)]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    place = {"traceback": "".join(lines + traceback.format_exception_only(type(error), error))}
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        place.update(filename=error.filename, lineno=error.lineno)
    elif frames:
        last = frames[-1]
        place.update(filename=last.filename, lineno=last.lineno, name=last.name)
    return place


def missing_package(error):
    """The top-level package that an import did not find, if that is what the error is."""
    return error.name.partition(".")[0] if isinstance(error, ModuleNotFoundError) and error.name else None


def _frames(error):
    return traceback.extract_tb(error.__traceback__)


def _text(error):
    try:
        return str(error)
    except Exception as inner:  # A broken __str__ must not hide the error itself.
        return "<no message: __str__ raised %s>" % type(inner).__name__


_CODES = {
    "SystemErrorException": "SystemError",
    "UserErrorException": "UserError",
    "ValidationException": "ValidationError",
}


def _chain(kind):
    """The original's code path: the classes from the root down, of which three have other names."""
    names = [cls.__name__ for cls in reversed(kind.__mro__) if issubclass(cls, PromptflowException)][1:]
    return "/".join(_CODES.get(name, name) for name in names) or "SystemError"
