from .. import connections
from .._engine import ask_one
from ..connections import *  # noqa: F401,F403  The original has its classes here too.


def find_connection(name):
    """A connection of the engine by its name. It counts as the engine's own: calls through it go there."""
    return connections.from_message(ask_one("connection", name=name), None)
