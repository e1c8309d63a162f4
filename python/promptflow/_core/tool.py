from .._tool import tool
from ..core import ToolProvider
from ..entities import DynamicList, InputSetting

__all__ = ["DynamicList", "InputSetting", "ToolProvider", "tool"]
