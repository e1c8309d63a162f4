from .._tool import tool
from ..connections import OpenAIConnection
from ..contracts.types import PromptTemplate
from ..core.tool_provider import ToolProvider
from . import _llm
from .aoai import _CHAT, _COMPLETION


class OpenAI(ToolProvider):
    """Chats and completions of a model; further keywords are variables of the prompt's template."""

    def __init__(self, connection: OpenAIConnection):
        super().__init__()
        self.connection = connection

    @tool
    def chat(self, prompt: PromptTemplate, model: str = "gpt-4-1106-preview", **kwargs):
        parameters = {name: kwargs.pop(name) for name in _CHAT if name in kwargs}
        return _llm.chat(self.connection, prompt, model, parameters, kwargs)

    @tool
    def completion(self, prompt: PromptTemplate, model: str = "text-davinci-003", **kwargs):
        parameters = {name: kwargs.pop(name) for name in _COMPLETION if name in kwargs}
        return _llm.completion(self.connection, prompt, model, {"max_tokens": 16, **parameters}, kwargs)


@tool
def chat(connection: OpenAIConnection, prompt: PromptTemplate, model: str = "gpt-4-1106-preview", **kwargs):
    return OpenAI(connection).chat(prompt=prompt, model=model, **kwargs)


@tool
def completion(connection: OpenAIConnection, prompt: PromptTemplate, model: str = "text-davinci-003", **kwargs):
    return OpenAI(connection).completion(prompt=prompt, model=model, **kwargs)
