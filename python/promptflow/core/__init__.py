from .._runtime import log_metric
from .._tool import tool
from ._model_configuration import AzureOpenAIModelConfiguration, ModelConfiguration, OpenAIModelConfiguration
from .tool_provider import ToolProvider

__all__ = [
    "AsyncFlow",
    "AsyncPrompty",
    "AzureOpenAIModelConfiguration",
    "Flow",
    "ModelConfiguration",
    "OpenAIModelConfiguration",
    "Prompty",
    "ToolProvider",
    "log_metric",
    "tool",
]


def __getattr__(name):
    """Flows come with much of the standard library, which a process started by a flow may have to do without."""
    if name in ("AsyncFlow", "AsyncPrompty", "Flow", "Prompty"):
        from . import _flow

        return getattr(_flow, name)
    raise AttributeError("module 'promptflow.core' has no attribute %r" % name)
