def trace(func=None, **_settings):
    """Marks a function for tracing; the function itself is not changed."""

    def mark(function):
        return function

    return mark(func) if callable(func) else mark


def start_trace(**_settings):
    """Tracing is the engine's business; a call here is allowed and does nothing."""


__all__ = ["start_trace", "trace"]
