"""Messages over one inherited socket: four bytes of length, then JSON. Standard output stays the user's."""

import json
import socket
import struct
import threading

_LENGTH = struct.Struct(">I")
# The engine reads a message as one text, and its texts end at half a gigabyte.
LIMIT = 256 * 1024 * 1024


class Channel:
    def __init__(self, fd):
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(True)
        self._reader = self._socket.makefile("rb", buffering=1 << 16)
        self._lock = threading.Lock()

    def receive(self):
        """The next message, or None when the other side is gone."""
        head = self._reader.read(4)
        if len(head) < 4:
            return None
        (length,) = _LENGTH.unpack(head)
        body = self._reader.read(length)
        return json.loads(body) if len(body) == length else None

    def send(self, message):
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
        if len(body) > LIMIT:
            body = json.dumps(_too_large(message, len(body))).encode("ascii")
        data = _LENGTH.pack(len(body)) + body
        with self._lock:  # One C call and no allocation inside, so that nothing can come between the bytes.
            self._socket.sendall(data)


def _too_large(message, size):
    text = "The value is %d MB as JSON, and %d MB is the limit. Write it to a file and return its path."
    return {
        "t": "error",
        "id": message.get("id", 0),
        "class": "ValueError",
        "message": text % (size // 1_000_000, LIMIT // 1_000_000),
    }
