"""What calls returned: as JSON where JSON can say it, else kept here until its run ends, and referred to."""

import collections.abc
import threading

from .encode import is_exact, refusal, shown, to_json, unfit_field
from .failure import ToolFault
from .items import StreamedItems
from .written import literal


class Kept:
    def __init__(self, feeds):
        self._feeds = feeds
        self._values = {}
        self._next = 0
        self._lock = threading.Lock()

    def pack(self, run, value):
        """A value as JSON; what JSON cannot say is kept here until its run ends, and referred to."""
        try:
            if is_exact(value):
                return {"value": value}
        except RecursionError:
            pass  # It holds itself: JSON has no word for that.
        with self._lock:
            self._next += 1
            reference = self._next
            self._values.setdefault(run, {})[reference] = value
        packed = {"ref": {"run": run, "id": reference, "type": type(value).__name__}, "value": None}
        try:
            packed["value"] = str(value) if isinstance(value, StreamedItems) else to_json(value)
            unfit = None if isinstance(value, StreamedItems) else refusal(value)
            if unfit is not None:
                packed["ref"]["unfit"] = unfit
        except Exception as error:
            packed["ref"]["error"] = refusal(value) or "(%s) %s" % (type(error).__name__, error)
            packed["ref"]["shown"] = shown(value)
        if "unfit" in packed["ref"] or "error" in packed["ref"]:
            field = unfit_field(value)
            if field is not None:
                packed["ref"]["field"] = field
        return packed

    def resolve(self, reference):
        if isinstance(reference, list):
            return [self.resolve(item) for item in reference]
        if "value" in reference:
            return reference["value"]
        if "feed" in reference:
            return self._feeds.generator(reference)
        if "literal" in reference:
            return literal(reference["literal"])
        try:
            return self._values[reference["run"]][reference["id"]]
        except KeyError:
            raise ToolFault("PythonValueLost", "The Python object that a node returned is no longer there.") from None

    def is_stream(self, reference):
        """Whether what is referred to is read item by item."""
        if isinstance(reference, list):
            return any(map(self.is_stream, reference))
        if "feed" in reference:
            return True
        value = self._values.get(reference.get("run"), {}).get(reference.get("id"))
        return isinstance(value, (collections.abc.Iterator, collections.abc.AsyncIterator))

    def end(self, run):
        self._feeds.end(run)
        with self._lock:
            self._values.pop(run, None)


def property_of(value, path):
    for step in path:
        try:
            if isinstance(step, int) or isinstance(value, dict):
                value = value[step]
            else:
                value = getattr(value, step)
        except (KeyError, IndexError, AttributeError, TypeError):
            raise ToolFault("InvalidReferenceProperty", "no property %r" % (step,)) from None
    return value
