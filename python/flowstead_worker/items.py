"""What generators gave, after it was streamed."""

import collections.abc
import io

from promptflow.exceptions import UserErrorException

MOST_ITEMS = 100_000


class StreamTooLong(UserErrorException):
    pass


class BoundedItems(list):
    """What a stream gave so far; a stream without an end must not fill the memory."""

    def append(self, item):
        if len(self) == MOST_ITEMS:
            raise StreamTooLong(
                "The node's stream gave more than %d items and was left there. What is an output of the flow, or is read by a"
                " prompt or a condition, has to come to an end; code of another node can read an endless one." % MOST_ITEMS
            )
        super().append(item)


class StreamedItems:
    """The items, for the first node that consumes them, also with `async for`; as JSON their text."""

    def __init__(self, items):
        self._items = items
        self._iterator = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._iterator)

    async def __aiter__(self):
        for item in self:
            yield item

    def __str__(self):
        return "".join(str(item) for item in self._items)


# Messages about it speak of what the node's code made.
StreamedItems.__name__ = StreamedItems.__qualname__ = "generator"


def streams_in(result):
    """Names of the fields of a dict that are streams. Those of itertools are none: they are made to have no end."""
    if type(result) is not dict:
        return []
    return [name for name, value in result.items() if type(name) is str and _is_stream(value)]


def _is_stream(value):
    if isinstance(value, (collections.abc.Generator, collections.abc.AsyncIterator)):
        return True
    own = type(value).__module__ not in ("itertools", "_csv")
    return own and isinstance(value, collections.abc.Iterator) and not isinstance(value, (StreamedItems, io.IOBase))


__all__ = ["StreamedItems", "streams_in"]
