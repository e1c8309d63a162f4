"""One chat with a model: through the engine where the connection is one of its own, else at the address it names."""

import contextlib
import json
import os
from urllib.parse import quote, urlsplit

from .. import _engine, _runtime
from ..connections import AzureOpenAIConnection
from ..exceptions import UserErrorException

TIMEOUT_SECONDS = 600


class Answer(dict):
    """A JSON object whose fields are attributes too, as in the client library of OpenAI."""

    def __getattr__(self, name):
        try:
            return _readable(self[name])
        except KeyError:
            raise AttributeError(name) from None

    def model_dump(self):
        return dict(self)


def _readable(value):
    if isinstance(value, dict):
        return Answer(value)
    return [_readable(item) for item in value] if isinstance(value, list) else value


def is_engines(connection):
    """Whether the engine gave this connection, and so can call what is behind it."""
    return bool(connection.__dict__.get("from_engine"))


def request(connection, body, timeout=None):
    """The reply to a chat or completion request: an Answer, or with `stream` an iterator of Answers."""
    if connection is None or is_engines(connection):
        name = "default" if connection is None else connection.name
        chunks = _engine.ask("model", connection=name, body=body)
        return map(_readable, chunks) if body.get("stream") else _readable(next(iter(list(chunks))))
    return _over_http(connection, body, "chat/completions" if "messages" in body else "completions", timeout)


def embed(connection, body):
    """The reply to an embeddings request."""
    if is_engines(connection) and not _address(connection):
        return _readable(_engine.ask_one("embedding", connection=connection.name, body=body))
    return _over_http(connection, body, "embeddings", None)


def _address(connection):
    return connection.get("api_base") or connection.get("base_url") or connection.get("api_key")


def _over_http(connection, body, what, timeout):
    import urllib.error  # Slow to import, and most flows never come here.
    import urllib.request

    url, headers = _place(connection, body.get("model") or "", what)
    data = json.dumps(body).encode()
    headers.update({"Content-Type": "application/json", "x-ms-useragent": "promptflow-sdk/1.18.0 flowstead"})
    if is_engines(connection):
        headers.update(_runtime.principal_headers())
    sent = urllib.request.Request(url, data, headers)
    try:
        response = urllib.request.urlopen(sent, timeout=timeout or TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            text = error.read(100_000).decode("utf-8", "replace")
        from ..tools.exception import refusal  # Its package imports this file.

        raise refusal(error.code, text) from None
    except OSError as error:
        raise UserErrorException("The model at %s cannot be reached: %s" % (_host(url), error)) from None
    if body.get("stream"):
        return _events(response)
    with contextlib.closing(response):
        return _readable(json.load(response))


def _place(connection, model, what):
    if isinstance(connection, AzureOpenAIConnection):
        base = (connection.get("api_base") or "").rstrip("/")
        version = quote(connection.get("api_version") or "2024-02-01")
        url = "%s/openai/deployments/%s/%s?api-version=%s" % (base, quote(model, safe=""), what, version)
        return url, {"api-key": connection.get("api_key") or "", "ms-azure-ai-promptflow-called-from": "aoai-tool"}
    base = connection.get("base_url") or connection.get("api_base") or os.environ.get("OPENAI_BASE_URL")
    headers = {"Authorization": "Bearer %s" % (connection.get("api_key") or "")}
    if connection.get("organization"):
        headers["OpenAI-Organization"] = connection["organization"]
    return "%s/%s" % ((base or "https://api.openai.com/v1").rstrip("/"), what), headers


def _host(url):
    return urlsplit(url).netloc


def _events(response):
    with contextlib.closing(response):
        for line in response:
            text = line.decode("utf-8").strip()
            if text == "data: [DONE]":
                return
            if text.startswith("data:"):
                yield _readable(json.loads(text[5:]))
