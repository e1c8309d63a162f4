from .._runtime import log_metric
from .._tool import tool
from .model_configuration import AzureOpenAIModelConfiguration, ModelConfiguration, OpenAIModelConfiguration
from .tool_provider import ToolProvider

__all__ = [
    "AzureOpenAIModelConfiguration",
    "ModelConfiguration",
    "OpenAIModelConfiguration",
    "ToolProvider",
    "log_metric",
    "tool",
]
