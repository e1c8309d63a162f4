"""What the worker puts in place around a call."""

import contextvars

metric_sink = contextvars.ContextVar("flowstead_metric_sink", default=None)

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
