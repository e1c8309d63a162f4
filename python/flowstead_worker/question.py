"""Questions to the engine: a model's answer, a connection, a record; each gets its answers in an inbox of its own."""

import queue
import threading

from promptflow import _engine

from .encode import to_json
from .output import current_call


class Questions:
    def __init__(self, send, mail, sole_call):
        self._send = send
        self._mail = mail
        self._sole_call = sole_call
        self._inboxes = {}
        self._next = 0
        self._lock = threading.Lock()

    def ask(self, kind, value):
        """Asks the engine and yields its answers. The main thread goes on loading other files meanwhile."""
        in_main = threading.current_thread() is threading.main_thread()
        inbox = queue.SimpleQueue()
        with self._lock:
            self._next += 1
            number = self._next
            self._inboxes[number] = self._deliver_to_main(inbox) if in_main else inbox.put
        call = current_call.get() or self._sole_call()
        asked = {"t": "ask", "id": call.id if call else 0, "ask": number, "kind": kind, "value": to_json(value)}
        self._send(asked)
        try:
            while True:
                while in_main and inbox.empty():
                    self._mail.get()()
                message = inbox.get()
                if message["t"] == "answer":
                    yield message["value"]
                    continue
                self._inboxes.pop(number, None)
                if message["t"] == "refused":
                    raise _engine.failure(message["code"], message["message"], message["chain"])
                return
        finally:
            if self._inboxes.pop(number, None) is not None:
                self._send({"t": "unask", "ask": number})

    def _deliver_to_main(self, inbox):
        return lambda message: self._mail.put(lambda: inbox.put(message))

    def answered(self, message):
        """Hands an answer to whoever waits for it, if anybody still does."""
        deliver = self._inboxes.get(message["ask"])
        if deliver is not None:
            deliver(message)
