"""Icons of tools as data URLs: small PNGs where Pillow is installed, the files as they are elsewhere."""

import io
import os

from promptflow.contracts.multimedia import Image

from .failure import ToolFault

_SIZE = (16, 16)


def with_icons(extra):
    """What a decorator says besides, with the names of icon files replaced by the icons."""
    shown = {key: value for key, value in extra.items() if key not in ("icon", "icon_light", "icon_dark")}
    if "icon" in extra:
        shown["icon"] = _url(extra["icon"])
    themes = {theme: _url(extra["icon_" + theme]) for theme in ("light", "dark") if "icon_" + theme in extra}
    return {**shown, "icon": themes} if themes else shown


def _url(file):
    if not os.path.exists(file):
        raise ToolFault("ToolValidationError", "Cannot find the icon path %s." % file)
    with open(file, "rb") as stream:
        data = stream.read()
    try:
        from PIL import Image as Picture
    except ImportError:
        return Image(data).to_base64(with_type=True)
    picture = Picture.open(io.BytesIO(data))
    if picture.size != _SIZE:
        picture = picture.resize(_SIZE, Picture.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return Image(buffer.getvalue(), mime_type="image/png").to_base64(with_type=True)


__all__ = ["with_icons"]
