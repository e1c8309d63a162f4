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
    original = getattr(getattr(module, "BaseClient", None), "_build_request", None)
    # A version without it calls as whoever holds the token.
    if original is None:
        return

    def _build_request(self, *args, **options):
        request = original(self, *args, **options)
        _name(request)
        return request

    module.BaseClient._build_request = _build_request


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
