"""Python values as JSON, and the question whether JSON says all there is to a value."""

import collections.abc
import dataclasses
import datetime
import enum
import json
import math

from promptflow.contracts.multimedia import PFBytes

from .items import StreamedItems

# Characters that records show of a value that has no JSON form.
MOST_SHOWN = 100_000
_SCALARS = frozenset((str, int, float, bool, type(None)))


def is_exact(value):
    """Whether the JSON form gives the same value back: no tuples, no odd keys, no objects, no subclasses."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is list:
        return all(map(is_exact, value))
    if kind is dict:
        return all(type(key) is str and is_exact(item) for key, item in value.items())
    return False


def to_json(value, strict=False):
    """The JSON form that the original gives a value. Raises TypeError as json.dumps does.

    Traces and other processes are shown dataclasses, enumerations and times; `strict` refuses them, as a flow's output
    does.
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if isinstance(value, PFBytes):
        return value.serialize(lambda image: {"data:%s;base64" % image.mime_type: image.to_base64()})
    if isinstance(value, StreamedItems):
        return str(value)
    if isinstance(value, enum.Enum) and not strict:
        return to_json(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {_key(key): to_json(item, strict) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item, strict) for item in value]
    if not strict and dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if not strict and isinstance(value, datetime.datetime):
        return value.isoformat() + "Z"
    raise TypeError("Object of type %s is not JSON serializable" % kind.__name__)


def refusal(value):
    """Why json.dumps does not take the value, in its own words; None when it does."""
    try:
        to_json(value, strict=True)
    except RecursionError:
        try:
            json.dumps(value)
        except Exception as error:
            return _said(error)
    except Exception as error:
        return _said(error)
    return None


def json_text(value):
    """What json.dumps makes of the value; None when it does not take it."""
    try:
        return json.dumps(to_json(value, strict=True))
    except Exception:
        return None


def unfit_field(value):
    """The first output that json.dumps does not take where fields are outputs, and why; None when it takes them all.

    The fields of a dataclass may be taken though it may not itself; what has no fields is the field `output`.
    """
    if isinstance(value, dict):
        fields = value.items()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    else:
        fields = [("output", value)]
    for name, item in fields:
        said = refusal(item)
        if said is not None:
            return {"name": str(name), "refusal": said}
    return None


def shown(value):
    """What records show of a value that has no JSON form: as in the original, what Python prints of it."""
    is_stream = isinstance(value, (collections.abc.Iterator, collections.abc.AsyncIterator))
    try:
        text = str(value) if is_stream else repr(value)
    except Exception:  # Its own code fails.
        text = "<%s>" % type(value).__name__
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "..."


def _said(error):
    return "(%s) %s" % (type(error).__name__, error)


def preview(value):
    """The JSON form, or what stands for it where there is none: traces show values and never fail for them."""
    try:
        return to_json(value)
    except Exception:
        pass
    if isinstance(value, dict):
        return {str(key): preview(item) for key, item in value.items()}
    return "<%s>" % type(value).__name__


def _key(key):
    if isinstance(key, str):
        return str.__str__(key)
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return str(int(key))
    if isinstance(key, float):
        if math.isnan(key):
            return "NaN"
        return repr(key) if math.isfinite(key) else ("Infinity" if key > 0 else "-Infinity")
    raise TypeError("keys must be str, int, float, bool or None, not %s" % type(key).__name__)
