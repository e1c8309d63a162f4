"""Images as flow code sees them: bytes that know their type."""

import base64
import hashlib
import os
import re

_KEY = re.compile(r"^data:(image/[^;]*);(path|base64|url)$")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


class PFBytes(bytes):
    def __new__(cls, value, *args, **kwargs):
        return super().__new__(cls, value)

    def __init__(self, value, mime_type="application/octet-stream", source_url=None):
        super().__init__()
        self._hash = hashlib.sha1(value).hexdigest()[:8]
        self._mime_type = mime_type.lower()
        self._source_url = source_url

    @property
    def mime_type(self):
        return self._mime_type

    @property
    def source_url(self):
        return self._source_url

    def to_base64(self, with_type=False):
        text = base64.b64encode(self).decode("ascii")
        return "data:%s;base64,%s" % (self._mime_type, text) if with_type else text


class Image(PFBytes):
    def __init__(self, value, mime_type=None, source_url=None):
        super().__init__(value, mime_type or _guess(value), source_url)

    def __str__(self):
        return "Image(%s)" % self._hash

    __repr__ = __str__

    def serialize(self, encoder=None):
        return encoder(self) if encoder else str(self)


class Text(str):
    """A text with annotations, as assistants return it."""

    def __new__(cls, value, annotations=None):
        text = super().__new__(cls, value)
        text._annotations = annotations
        return text

    @classmethod
    def deserialize(cls, data):
        text = data.get("text", "")
        if isinstance(text, dict):
            return cls(text.get("value", ""), text.get("annotations", []))
        return cls(text)

    def serialize(self):
        if self._annotations is None:
            return {"type": "text", "text": str(self)}
        return {"type": "text", "text": {"value": str(self), "annotations": self._annotations}}


def load_images(value, directory, message_format="basic", contents=None):
    """Image dicts in the flow's notation, at any depth, become images; everything else stays what it is.

    `contents` are the images that are known already, as base64 by URL.
    """
    make = _vision_image if message_format == "openai-vision" else _basic_image
    return _load_in(value, lambda item: make(item, directory, contents or {}))


def _load_in(value, make):
    if isinstance(value, list):
        return [_load_in(item, make) for item in value]
    if not isinstance(value, dict):
        return value
    image = make(value)
    if image is not None:
        return image
    return {key: _load_in(item, make) for key, item in value.items()}


def _basic_image(value, directory, contents):
    if len(value) != 1:
        return None
    ((key, content),) = value.items()
    match = _KEY.match(key)
    if not match or not isinstance(content, str):
        return None
    return _load(match.group(1), match.group(2), content, (directory, contents))


def _vision_image(value, directory, contents):
    kind = value.get("type")
    if kind == "text" and "text" in value:
        return Text.deserialize(value)
    inner = value.get(kind) if kind in ("image_url", "image_file") else None
    if not isinstance(inner, dict):
        return None
    if kind == "image_file":
        return _load("image/*", "path", inner.get("path", ""), (directory, contents))
    url = inner.get("url", "")
    head, found, data = url.partition(";base64,")
    if found and head.startswith("data:image/"):
        return _load(head[len("data:") :], "base64", data, (directory, contents))
    return _load("image/*", "url", url, (directory, contents))


def _load(mime_type, form, content, source):
    kind = None if mime_type == "image/*" else mime_type
    directory, contents = source
    if form == "base64":
        return Image(base64.b64decode(content.rpartition(",")[2]), kind)
    if form == "path":
        with open(os.path.join(directory, content), "rb") as file:
            return Image(file.read(), kind)
    if content in contents:
        return Image(base64.b64decode(contents[content]), kind, content)
    from ._fetch import fetch  # Slow to import and rarely needed.

    return Image(fetch(content), kind, content)


def _guess(value):
    if value[:4] == b"RIFF" and value[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for head, kind in _SIGNATURES if value.startswith(head)), "image/*")
