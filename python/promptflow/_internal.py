from ._runtime import log_metric
from ._tool import tool
from .core.tool_provider import ToolProvider
from .tracing._operation_context import OperationContext


def enable_cache(*_settings):
    """The original keeps no cache either when it runs a flow."""
    return lambda function: function


def register_apis(_kind):
    """Tools are known to the engine."""


__all__ = ["OperationContext", "ToolProvider", "enable_cache", "log_metric", "register_apis", "tool"]
