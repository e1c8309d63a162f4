"""Texts that come while code reads them, such as a model's answer: a generator, which pulls them from the engine."""

import queue
import threading

from promptflow import _engine


class Feeds:
    def __init__(self, send):
        self._send = send
        self._lock = threading.Lock()
        self._generators = {}  # By run and number: all who read a text of a run read the same generator.
        self._inboxes = {}

    def generator(self, reference):
        run, number = reference["run"], reference["feed"]
        with self._lock:
            generators = self._generators.setdefault(run, {})
            if number not in generators:
                inbox = self._inboxes[number] = queue.SimpleQueue()
                generators[number] = self._pieces(number, inbox)
            return generators[number]

    def _pieces(self, number, inbox):
        is_over = False
        try:
            while not is_over:
                self._send({"t": "pull", "feed": number})
                message = inbox.get()
                if message["t"] == "starved":
                    is_over = True
                    raise _engine.failure(message["code"], message["message"], message["chain"])
                is_over = message["done"]
                yield from message["pieces"]
        finally:
            if not is_over:
                self._send({"t": "left", "feed": number})

    def deliver(self, message):
        inbox = self._inboxes.get(message["feed"])
        if inbox is not None:
            inbox.put(message)

    def end(self, run):
        with self._lock:
            for number in self._generators.pop(run, ()):
                # A thread of the code's own may still wait.
                self._inboxes.pop(number).put({"t": "fed", "pieces": [], "done": True})
