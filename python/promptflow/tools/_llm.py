"""Chats and completions for the clients of both providers."""

from .. import _engine
from ..core import _chat

_OWN = ("model", "stream", "timeout")


def chat(connection, prompt, model, parameters, variables):
    """The answer's text, its whole message when functions or tools were given, or its pieces when it streams."""
    provider = "AzureOpenAI" if type(connection).__name__ == "AzureOpenAIConnection" else "OpenAI"
    body = _engine.ask_one(
        "chat_body", provider=provider, prompt=prompt, model=model, parameters=parameters, variables=variables
    )
    reply = _chat.request(connection, body)
    if body.get("stream"):
        return pieces(reply)
    message = reply["choices"][0]["message"]
    if body.get("tools") or body.get("functions"):
        return {"content": None, "role": "assistant", "function_call": None, "tool_calls": None, **message}
    return message.get("content") or ""


def completion(connection, prompt, model, parameters, variables):
    body = {key: value for key, value in parameters.items() if value is not None}
    body.update(prompt=_engine.ask_one("render", template=prompt, variables=variables), model=model)
    reply = _chat.request(connection, body)
    return pieces(reply) if body.get("stream") else reply["choices"][0]["text"]


def pieces(chunks):
    for chunk in chunks:
        if not chunk.get("choices"):
            continue
        choice = chunk["choices"][0]
        yield (choice.get("delta") or {}).get("content") or choice.get("text") or ""
