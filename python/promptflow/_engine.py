"""Questions to the engine that runs the flow: what a flow may reach, it reaches there."""

import asyncio
import contextvars

from . import _runtime
from .exceptions import SystemErrorException, UserErrorException


def ask(kind, **value):
    """Yields what the engine answers, piece by piece."""
    if _runtime.engine is None:
        raise UserErrorException(
            "This works inside a flow that Flowstead runs, and this is a script of its own: there is no engine to ask. "
            "Have a function of it run as a flow: `flowstead flow test --flow module:function`; or use a command in place "
            "of the client: `flowstead flow test`, `flowstead run create`, `flowstead connection create`."
        )
    return _runtime.engine(kind, value)


def ask_one(kind, **value):
    """The one value that answers the question."""
    answer = None
    for answer in ask(kind, **value):
        pass
    return answer


async def in_thread(function):
    """Runs a blocking function beside the event loop, in the context of the caller."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, lambda: context.run(function))


def failure(code, message, chain):
    """An exception for what the engine refused; it keeps the engine's own code and place in the hierarchy, and where the
    original has a class for it, it is one of those: code that catches them catches it."""
    from .tools import exception  # It imports much that most flows never need.

    base = SystemErrorException if chain.startswith("SystemError") else UserErrorException
    for name in (code, *reversed(chain.split("/"))):
        if isinstance(getattr(exception, name, None), type):
            base = getattr(exception, name)
            break
    error = type(code, (base,), {})(message)
    error.chain = chain
    return error
