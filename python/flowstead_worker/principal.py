"""On whose behalf a flow's own client of models calls: the official package is made to say it to the gateway."""

import importlib.abc
import importlib.machinery
import sys

from promptflow import _runtime

from .output import current_call

# Tokens of the gateway begin like this; nobody else is to be told anything.
LENT = "fst-"
MODULE = "openai._base_client"


class _Finder(importlib.abc.MetaPathFinder):
    """Waits for the module to be imported, which most flows never do."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != MODULE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _extend(module)

        spec.loader.exec_module = exec_module
        return spec


def _extend(module):
    for name, extend in (("SyncAPIClient", _extended), ("AsyncAPIClient", _extended_async)):
        client = getattr(module, name, None)
        # The package's own place for headers of each request; versions without it call as whoever holds the token.
        if hasattr(client, "_prepare_request"):
            client._prepare_request = extend(client._prepare_request)


def _extended(original):
    def _prepare_request(self, request):
        _name(request)
        return original(self, request)

    return _prepare_request


def _extended_async(original):
    async def _prepare_request(self, request):
        _name(request)
        return await original(self, request)

    return _prepare_request


def _name(request):
    key = request.headers.get("api-key") or request.headers.get("authorization", "")[len("Bearer ") :]
    if key.startswith(LENT):
        request.headers.update(_runtime.principal_headers())


def install(worker):
    def principal():
        call = current_call.get() or worker.sole_call()
        return call.principal if call is not None else None

    _runtime.principal = principal
    sys.meta_path.insert(0, _Finder())
