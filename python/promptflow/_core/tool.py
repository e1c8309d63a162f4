from .._tool import tool
from ..core import ToolProvider
from ..entities import DynamicList, GeneratedBy, InputSetting

__all__ = ["DynamicList", "GeneratedBy", "InputSetting", "ToolProvider", "tool"]
