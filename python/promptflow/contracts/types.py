import dataclasses
from typing import Any, List


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

    @staticmethod
    def deserialize(data):
        return AssistantDefinition(data.get("model", ""), data.get("instructions", ""), data.get("tools", []))

    def serialize(self):
        return {"model": self.model, "instructions": self.instructions, "tools": self.tools}
