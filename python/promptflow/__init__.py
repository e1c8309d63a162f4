"""The part of the promptflow package that flow code imports, for flows that run under Flowstead.

Standard library only. What needs a model, a connection or another flow asks the engine outside.
"""

from ._runtime import log_metric
from ._tool import tool
from .core import ToolProvider

__version__ = "1.18.0"
__all__ = ["PFClient", "ToolProvider", "load_flow", "log_metric", "tool"]


def __getattr__(name):
    if name in ("PFClient", "load_flow"):
        from . import client

        return getattr(client, name)
    raise AttributeError("module 'promptflow' has no attribute %r" % name)
