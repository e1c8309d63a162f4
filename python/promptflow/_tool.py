from .exceptions import UserErrorException

_MARK = "__promptflow_tool__"
_TYPES = ("llm", "python", "csharp", "prompt", "action", "custom_llm")


def tool(func=None, *args, **settings):
    """Marks the one function of a file that a node calls. The function itself is not changed."""

    def mark(function):
        kind = settings.get("type")
        if kind is not None and kind not in _TYPES:
            raise UserErrorException("Tool type %s is not supported yet." % kind)
        setattr(function, _MARK, settings)
        return function

    return mark(func) if callable(func) else mark


def settings_of(function):
    """What stands in the decorator of a tool."""
    return getattr(function, _MARK, None) or {}


def is_tool(value):
    return callable(value) and hasattr(value, _MARK)
