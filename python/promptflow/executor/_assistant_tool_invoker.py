"""The tools of an assistant, as node code uses them: their definitions for the model, and calls by name."""

import dataclasses
from typing import Any, Callable, Dict, Optional


@dataclasses.dataclass
class ResolvedAssistantTool:
    name: str
    openai_definition: Dict[str, Any]
    func: Optional[Callable]


class AssistantToolInvoker:
    def __init__(self, tools: Dict[str, ResolvedAssistantTool]):
        self._assistant_tools = tools

    def invoke_tool(self, func_name, kwargs):
        return self._assistant_tools[func_name].func(**kwargs)

    def to_openai_tools(self):
        return [tool.openai_definition for tool in self._assistant_tools.values()]


__all__ = ["AssistantToolInvoker", "ResolvedAssistantTool"]
