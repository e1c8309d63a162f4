"""What the worker puts in place around a call."""

import contextvars


class _MetricSink:
    """Where metrics go: to the call in whose context they are told, else to the one that began last.

    A thread that a node starts by itself has no context; what it tells counts all the same, as in the original.
    """

    def __init__(self):
        self._own = contextvars.ContextVar("flowstead_metric_sink", default=None)
        self._last = None

    def set(self, sink):
        self._own.set(sink)
        self._last = sink

    def get(self):
        return self._own.get() or self._last


metric_sink = _MetricSink()

operation = contextvars.ContextVar("flowstead_operation", default=None)

# Asks the engine: (kind, value) to an iterator of answers. None outside a worker.
engine = None

# Tells a traced function's end: (span as a dict). None outside a worker.
tell_span = None

# On whose behalf the code runs that asks, by the name that the gateway knows: () to a text or None. None outside a worker.
principal = None


def principal_headers():
    """What tells the gateway on whose behalf it is called."""
    name = principal() if principal is not None else None
    return {"x-flowstead-principal": name} if name else {}


def log_metric(key, value, variant_id=None):
    """Tells a metric of the run; only an aggregation node's metrics count. As in the original, runs ignore variant_id."""
    sink = metric_sink.get()
    if sink is not None:
        sink(key, value)
