import dataclasses
from typing import Any, List


class AttrDict(dict):
    """A result of a line, as `__aggregate__` sees it: its keys are attributes, too."""

    def __getattr__(self, key):
        return self[key]

    def __setattr__(self, key, value):
        self[key] = value


class Secret(str):
    """Marks a parameter or a connection's field as secret."""

    def set_secret_name(self, name):
        self.secret_name = name


class PromptTemplate(str):
    """Marks the parameter that takes the prompt's template."""


class FilePath(str):
    """Marks a parameter that takes the path of a file."""


@dataclasses.dataclass
class AssistantDefinition:
    model: str
    instructions: str
    tools: List[Any]

    def __post_init__(self):
        self._tool_invoker = None  # Set where a node gets one of a file.

    @staticmethod
    def deserialize(data):
        return AssistantDefinition(data.get("model", ""), data.get("instructions", ""), data.get("tools", []))

    def serialize(self):
        return {"model": self.model, "instructions": self.instructions, "tools": self.tools}
