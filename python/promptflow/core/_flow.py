"""Prompty files and flows that flow code calls as functions. The engine reads, renders and runs them."""

import dataclasses
import json
import math
import os
import re

from .. import _engine
from ..connections import AzureOpenAIConnection, OpenAIConnection
from ..exceptions import UserErrorException
from ..tracing import trace
from . import _chat
from ._connection import find_connection
from ._model_configuration import ModelConfiguration


class InvalidOutputKeyError(UserErrorException):
    pass


class UnknownConnectionType(UserErrorException):
    pass


_SETTINGS = ("connection", "azure_deployment", "azure_endpoint", "api_version", "api_key", "model", "base_url", "organization")


class Prompty:
    """A prompt with the model that answers it; call it with its inputs as keywords."""

    def __init__(self, path, model=None, **changes):
        self.path = os.path.abspath(os.fspath(path))
        self._changes = _plain({**changes, "model": model or {}})
        head = _engine.ask_one("prompty", source=self.path, changes=self._changes)
        self._model = head["model"]
        self._inputs = head["inputs"]
        self._outputs = head["outputs"]
        self._sample = head["sample"]
        self.name = head["name"]

    @classmethod
    def load(cls, source, **kwargs):
        path = os.path.abspath(os.fspath(source))
        if not os.path.exists(path):
            raise UserErrorException("Source %s does not exist" % path)
        if not path.endswith(".prompty"):
            raise UserErrorException("Source must be a file with .prompty extension.")
        return cls(path, **kwargs)

    @trace
    def __call__(self, *args, **kwargs):
        if args:
            raise UserErrorException("Prompty can only be called with keyword arguments.")
        timeout = kwargs.get("timeout")
        prompt = self._prompt(kwargs)
        body = {**prompt.pop("parameters"), **prompt}
        connection, model = _model_of(self._model["configuration"])
        if model:
            body["model"] = model
        return self._formatted(_chat.request(connection, body, timeout), body)

    def render(self, *args, **kwargs):
        """The prompt as text: for a chat, its messages as Python prints them."""
        if args:
            raise UserErrorException("Prompty can only be rendered with keyword arguments.")
        prompt = self._prompt(kwargs)
        return str(prompt.get("messages", prompt.get("prompt")))

    def estimate_token_count(self, *args, **kwargs):
        """Tokens of the rendered prompt and of the longest answer, by a rule of thumb that needs no vocabulary."""
        if args:
            raise UserErrorException("Prompty can only be rendered with keyword arguments.")
        prompt = self._prompt(kwargs)
        limit = self._model["parameters"].get("max_tokens")
        if limit is not None and (not isinstance(limit, int) or limit <= 1):
            raise UserErrorException("Max_token needs to be integer > 1.")
        messages = prompt.get("messages")
        texts = [prompt["prompt"]] if messages is None else list(_texts(messages))
        frame = 0 if messages is None else 3 + 3 * len(messages)
        return frame + sum(map(_tokens, texts)) + (limit or 0)

    def _prompt(self, inputs):
        return _engine.ask_one("prompt", source=self.path, changes=self._changes, inputs=_plain(inputs))

    def _formatted(self, reply, body):
        if self._model["response"] == "all":
            return reply
        wanted = body.get("response_format")
        is_json = isinstance(wanted, dict) and wanted.get("type") == "json_object"
        if body.get("stream"):
            pieces = _pieces(reply)
            return self._json("".join(pieces)) if is_json else pieces
        choice = reply["choices"][0]
        if "text" in choice:
            return self._json(choice["text"]) if is_json else choice["text"]
        if choice.get("finish_reason") in ("tool_calls", "function_calls"):
            return choice["message"]
        content = choice["message"].get("content")
        return self._json(content) if is_json else content

    def _json(self, text):
        value = json.loads(text)
        for key in self._outputs or ():
            if key not in value:
                raise InvalidOutputKeyError("Cannot find %s in response %s" % (key, list(value)))
        return {key: value[key] for key in self._outputs} if self._outputs else value


class AsyncPrompty(Prompty):
    """As Prompty; its call is awaited, and a streamed answer is an async generator."""

    @trace
    async def __call__(self, *args, **kwargs):
        result = await _engine.in_thread(lambda: Prompty.__call__(self, *args, **kwargs))
        return _async_pieces(result) if hasattr(result, "__next__") else result


class Flow:
    """Another flow as a function: its folder is loaded once, a call runs it and returns its outputs."""

    def __init__(self, path):
        self.path = os.path.abspath(os.fspath(path))
        self.context = FlowContext()

    @classmethod
    def load(cls, source, **_settings):
        path = os.path.abspath(os.fspath(source))
        if not os.path.exists(path):
            raise UserErrorException("Source %s does not exist" % path)
        if path.endswith(".prompty"):
            return (AsyncPrompty if cls is AsyncFlow else Prompty).load(path)
        return cls(path)

    @trace
    def __call__(self, *args, **kwargs):
        if args:
            raise UserErrorException("Flow can only be called with keyword arguments.")
        return self._run(kwargs)

    def invoke(self, inputs, connections=None, **_settings):
        return _LineResult(self._run(inputs))

    def _run(self, inputs):
        return _engine.ask_one("flow", source=self.path, inputs=_plain(inputs), **self.context.as_question())


class AsyncFlow(Flow):
    @trace
    async def __call__(self, *args, **kwargs):
        if args:
            raise UserErrorException("Flow can only be called with keyword arguments.")
        return await _engine.in_thread(lambda: self._run(kwargs))

    async def invoke(self, inputs, connections=None, **_settings):
        return await _engine.in_thread(lambda: _LineResult(self._run(inputs)))


class FlowContext:
    """What a loaded flow is run with instead of what its file says."""

    def __init__(self, connections=None, variant=None, overrides=None, streaming=False, environment_variables=None):
        self.connections = connections or {}
        self.variant = variant
        self.overrides = overrides or {}
        self.streaming = streaming
        self.environment_variables = environment_variables or {}

    def as_question(self):
        nodes = {
            node: {key: getattr(value, "name", value) for key, value in changes.items()}
            for node, changes in self.connections.items()
        }
        question = {"variant": self.variant, "connections": nodes, "overrides": self.overrides}
        return {key: value for key, value in question.items() if value}


class _LineResult:
    def __init__(self, output):
        self.output = output


def _model_of(configuration):
    """The connection and the model or deployment that a configuration names; no connection means the engine's own."""
    configuration = {
        key: value for key, value in configuration.items() if value is not None and not _is_unset(value)
    }
    model = configuration.get("azure_deployment") or configuration.get("model")
    kind = str(configuration.get("type", "openai")).lower().replace("_", "")
    if kind not in ("azureopenai", "openai"):
        raise UnknownConnectionType(
            "Not Support connection type %s for embedding api. Connection type should be in [AzureOpenAI, OpenAI]."
            % configuration["type"]
        )
    if configuration.get("connection"):
        return find_connection(configuration["connection"]), model
    key = configuration.get("api_key")
    if configuration.get("type") == "openai" or (
        "azure_deployment" not in configuration and configuration.get("type") != "azure_openai"
    ):
        key = key or os.environ.get("OPENAI_API_KEY")
        base = configuration.get("base_url") or os.environ.get("OPENAI_BASE_URL")
        if not (key or base):
            return None, model
        return OpenAIConnection(key, base_url=base, organization=configuration.get("organization")), model
    key = key or os.environ.get("AZURE_OPENAI_API_KEY")
    endpoint = configuration.get("azure_endpoint") or os.environ.get("AZURE_OPENAI_ENDPOINT")
    if not endpoint:
        return None, model
    version = configuration.get("api_version") or os.environ.get("OPENAI_API_VERSION")
    return AzureOpenAIConnection(endpoint, key, **({"api_version": version} if version else {})), model


def _is_unset(value):
    """Whether it refers to a variable of the environment that is not there."""
    return isinstance(value, str) and value.startswith("${env:")


def _plain(value):
    """Model configurations as dicts that leave nothing of the file's in place; everything else as JSON has it."""
    if isinstance(value, ModelConfiguration):
        settings = dataclasses.asdict(value)
        if value.connection:
            # The fields beside it are the connection's own, found for code that reads them.
            settings = {key: settings[key] for key in ("connection", "azure_deployment", "model") if key in settings}
        return {**dict.fromkeys(_SETTINGS), **settings, "type": value.type}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _pieces(chunks):
    for chunk in chunks:
        choices = chunk.get("choices") or [{}]
        text = (choices[0].get("delta") or {}).get("content") or choices[0].get("text")
        if text and choices[0].get("index", 0) == 0:
            yield text


async def _async_pieces(pieces):
    while True:
        piece = await _engine.in_thread(lambda: next(pieces, None))
        if piece is None:
            return
        yield piece


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _tokens(text):
    """Words of up to six letters are one token, longer ones several; every other character is one."""
    return sum(math.ceil(len(part) / 6) for part in re.findall(r"[A-Za-z]+|\d{1,3}|[^\sA-Za-z\d]", text))
