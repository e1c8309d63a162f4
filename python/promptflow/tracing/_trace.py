"""@trace: the calls of a function become spans of the node that makes them."""

import contextvars
import functools
import inspect
import itertools
import time

from .. import _runtime

_numbers = itertools.count(1)
_current = contextvars.ContextVar("flowstead_span", default=None)


def trace(func=None, **_settings):
    """Marks a function for tracing; what it takes and returns is not changed."""

    def mark(function):
        if inspect.isasyncgenfunction(function):
            return _async_generator(function)
        if inspect.iscoroutinefunction(function):
            return _coroutine(function)
        if inspect.isgeneratorfunction(function):
            return _generator(function)
        return _plain(function)

    return mark(func) if callable(func) else mark


def start_trace(**_settings):
    """Tracing is the engine's business; a call here is allowed and does nothing."""


class _Span:
    def __init__(self, function, args, kwargs):
        self.id = next(_numbers)
        self.parent = _current.get()
        self.name = getattr(function, "__qualname__", type(function).__name__).rsplit("<locals>.", 1)[-1]
        self.path = "%s_%s" % (self.parent.path, self.name) if self.parent else self.name
        self.inputs = _bound(function, args, kwargs)
        self.time = time.time()
        self.output = None
        self._began = time.perf_counter()

    def __enter__(self):
        self._token = _current.set(self)
        return self

    def __exit__(self, _type, error, _traceback):
        _current.reset(self._token)
        self.end(self.output, error)

    def end(self, output=None, error=None):
        if _runtime.tell_span is None:
            return
        span = {"span": self.id, "name": self.name, "path": self.path, "time": self.time * 1000}
        if self.parent:
            span["parent"] = self.parent.id
        span["duration"] = (time.perf_counter() - self._began) * 1000
        span["inputs"] = self.inputs
        if error is None:
            span["output"] = output
        else:
            span["error"] = "%s: %s" % (type(error).__name__, error)
        _runtime.tell_span(span)


def _bound(function, args, kwargs):
    try:
        return dict(inspect.signature(function).bind_partial(*args, **kwargs).arguments)
    except (TypeError, ValueError):  # The call itself will tell what is wrong.
        return dict(kwargs)


def _plain(function):
    @functools.wraps(function)
    def traced(*args, **kwargs):
        with _Span(function, args, kwargs) as span:
            span.output = function(*args, **kwargs)
        return span.output

    return traced


def _coroutine(function):
    @functools.wraps(function)
    async def traced(*args, **kwargs):
        with _Span(function, args, kwargs) as span:
            span.output = await function(*args, **kwargs)
        return span.output

    return traced


def _generator(function):
    @functools.wraps(function)
    def traced(*args, **kwargs):
        span = _Span(function, args, kwargs)
        items = []
        try:
            for item in function(*args, **kwargs):
                items.append(item)
                yield item
        except BaseException as error:
            span.end(error=error)
            raise
        span.end(items)

    return traced


def _async_generator(function):
    @functools.wraps(function)
    async def traced(*args, **kwargs):
        span = _Span(function, args, kwargs)
        items = []
        try:
            async for item in function(*args, **kwargs):
                items.append(item)
                yield item
        except BaseException as error:
            span.end(error=error)
            raise
        span.end(items)

    return traced
