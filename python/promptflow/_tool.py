_MARK = "__promptflow_tool__"


def tool(func=None, *args, **settings):
    """Marks the one function of a file that a node calls. The function itself is not changed."""

    def mark(function):
        setattr(function, _MARK, settings)
        return function

    return mark(func) if callable(func) else mark


def is_tool(value):
    return callable(value) and hasattr(value, _MARK)
