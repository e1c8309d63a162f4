"""What generators gave, after it was streamed."""

import collections.abc
import io


class StreamedItems:
    """The items, for the first node that consumes them, also with `async for`; as JSON their text.

    A generator that failed on the way fails in that node: what it gave before comes first.
    """

    def __init__(self, items, failure=None):
        self._items = items
        self._iterator = iter(items)
        self._failure = failure

    def __iter__(self):
        return self

    def __next__(self):
        for item in self._iterator:
            return item
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        raise StopIteration

    async def __aiter__(self):
        for item in self:
            yield item

    def __str__(self):
        return "".join(str(item) for item in self._items)


# Messages about it speak of what the node's code made.
StreamedItems.__name__ = StreamedItems.__qualname__ = "generator"


def streams_in(result):
    """Names of the fields of a dict that are streams. Iterators of the standard library may have no end: they are none."""
    if type(result) is not dict:
        return []
    return [name for name, value in result.items() if type(name) is str and _is_stream(value)]


def _is_stream(value):
    if isinstance(value, (collections.abc.Generator, collections.abc.AsyncIterator)):
        return True
    own = type(value).__module__ not in ("builtins", "itertools", "_csv")
    return own and isinstance(value, collections.abc.Iterator) and not isinstance(value, (StreamedItems, io.IOBase))


__all__ = ["StreamedItems", "streams_in"]
