"""The part of the original's client that flow code uses: other flows as functions, and connections by name."""

from .core._connection import find_connection
from .core._flow import AsyncFlow, Flow
from .exceptions import UserErrorException


def load_flow(source, *, is_async_call=None, **_settings):
    """A flow or prompty as a function; the engine that runs this flow runs it too."""
    return (AsyncFlow if is_async_call else Flow).load(source)


class PFClient:
    """`flows.test`, `test` and `connections.get` work inside a flow; runs are made with the flowstead command."""

    def __init__(self, **_settings):
        self.connections = _Connections()
        self.flows = self

    def test(self, flow, *, inputs=None, **_settings):
        return load_flow(flow)(**(inputs or {}))

    def __getattr__(self, name):
        raise UserErrorException(
            "PFClient.%s is not available inside a flow that Flowstead runs. "
            "Use the command line instead, such as `flowstead run create` and `flowstead run show-metrics`." % name
        )


class _Connections:
    def get(self, name, **_settings):
        return find_connection(name)

    def __getattr__(self, name):
        raise UserErrorException(
            "PFClient.connections.%s is not available inside a flow; use `flowstead connection`." % name
        )


__all__ = ["PFClient", "load_flow"]
