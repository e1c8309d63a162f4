from .._runtime import log_metric
from .._tool import tool
from ._flow import AsyncFlow, AsyncPrompty, Flow, Prompty
from .model_configuration import AzureOpenAIModelConfiguration, ModelConfiguration, OpenAIModelConfiguration
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
