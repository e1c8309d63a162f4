"""The part of the promptflow package that flow code imports, for flows that run under Flowstead.

Standard library only. Nothing here talks to a service: the engine outside does that.
"""

from ._runtime import log_metric
from ._tool import tool
from .core import ToolProvider

__version__ = "1.18.0"
__all__ = ["ToolProvider", "log_metric", "tool"]


def __getattr__(name):
    if name == "PFClient":
        raise ImportError("promptflow.PFClient is not available inside a Flowstead node; use the flowstead command.")
    raise AttributeError("module 'promptflow' has no attribute %r" % name)
