from .._tool import tool
from ..connections import AzureOpenAIConnection
from ..contracts.types import PromptTemplate
from ..core.tool_provider import ToolProvider
from . import _llm

_CHAT = """temperature top_p n stream stop max_tokens presence_penalty frequency_penalty logit_bias user function_call
functions tool_choice tools response_format seed""".split()
_COMPLETION = """suffix max_tokens temperature top_p n stream logprobs echo stop presence_penalty frequency_penalty
best_of logit_bias user""".split()


class AzureOpenAI(ToolProvider):
    """Chats and completions of a deployment; further keywords are variables of the prompt's template."""

    def __init__(self, connection: AzureOpenAIConnection):
        super().__init__()
        self.connection = connection

    @tool
    def chat(self, prompt: PromptTemplate, deployment_name: str, **kwargs):
        parameters = {name: kwargs.pop(name) for name in _CHAT if name in kwargs}
        return _llm.chat(self.connection, prompt, deployment_name, parameters, kwargs)

    @tool
    def completion(self, prompt: PromptTemplate, deployment_name: str, **kwargs):
        parameters = {name: kwargs.pop(name) for name in _COMPLETION if name in kwargs}
        return _llm.completion(self.connection, prompt, deployment_name, {"max_tokens": 16, **parameters}, kwargs)


@tool
def chat(connection: AzureOpenAIConnection, prompt: PromptTemplate, deployment_name: str, **kwargs):
    return AzureOpenAI(connection).chat(prompt=prompt, deployment_name=deployment_name, **kwargs)


@tool
def completion(connection: AzureOpenAIConnection, prompt: PromptTemplate, deployment_name: str, **kwargs):
    return AzureOpenAI(connection).completion(prompt=prompt, deployment_name=deployment_name, **kwargs)
