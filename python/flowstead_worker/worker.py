"""Reads messages, starts calls in threads or in one event loop, loads files in the main thread, and answers."""

import asyncio
import os
import queue
import signal
import sys
import threading

from promptflow import _runtime

from . import principal
from .call import Call
from .channel import Channel
from .encode import preview
from .entry import Aggregation, load_entry
from .failure import ToolFault, describe
from .feed import Feeds
from .kept import Kept, property_of
from .meta import meta_of
from .orphan import end_group, ends_with_engine
from .output import NodeStream, current_call
from .package import PREFIX, load_package
from .pool import Threads
from .question import Questions
from .signature import load
from .view import view_of

# Most nodes wait for a service, and threads that wait cost next to nothing; one is started only when all others are taken.
THREADS = 256


class Worker:
    def __init__(self, channel):
        self._channel = channel
        self._tools = {}
        self._calls = {}
        self._mail = queue.SimpleQueue()  # For the main thread.
        self._loop = None
        self._lock = threading.Lock()
        self._threads = Threads(THREADS, self._receive)
        self.send = channel.send
        self.feeds = Feeds(channel.send)
        self.kept = Kept(self.feeds)
        self.questions = Questions(channel.send, self._mail, self.sole_call)

    def serve(self):
        self.send({"t": "hello", "version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable})
        self._threads.start()
        while True:
            self._mail.get()()

    def tell_span(self, span):
        call = current_call.get() or self.sole_call()
        if call is not None:
            values = {name: preview(span[name]) for name in ("inputs", "output") if name in span}
            call.span({**span, **values})

    def _receive(self):
        """Waits for a message. What runs a flow's code is given to be run, all else is done here or in the main thread."""
        message = self._channel.receive()
        if message is None:
            end_group()
            os._exit(0)
        kind = message["t"]
        if kind == "call":
            call = Call(self, message)
            self._calls[message["id"]] = call
            return call.start()
        if kind in ("property", "view"):
            return lambda: self._answer(message, kind)
        if kind in ("load", "meta"):
            self._mail.put(lambda: self._answer(message, kind))
        elif kind == "cancel":
            call = self._calls.get(message["call"])
            if call is not None:
                call.cancel()
        elif kind in ("hold", "go"):
            call = self._calls.get(message["call"])
            if call is not None:
                call.hold(kind == "hold")
        elif kind in ("answer", "answered", "refused"):
            self.questions.answered(message)
        elif kind in ("fed", "starved"):
            self.feeds.deliver(message)
        elif kind == "end":
            self.kept.end(message["run"])
        else:
            self._answer(message, kind)
        return None

    def _answer(self, message, kind):
        try:
            if kind == "load":
                answer = {"value": self._load(message)}
            elif kind == "meta":
                answer = {"value": meta_of(load(message["directory"], message["file"]))}
            elif kind == "property":
                answer = self.kept.pack(message["run"], property_of(self.kept.resolve(message["ref"]), message["path"]))
            elif kind == "view":
                answer = {"value": view_of(self.kept.resolve(message["ref"]), message["names"], message["calls"])}
            elif kind == "ping":
                answer = {"value": len(self._calls)}
            else:
                raise ToolFault("Unexpected", "unknown message %r" % kind)
            self.send({"t": "result", "id": message["id"], **answer})
        except BaseException as error:
            self.send({"t": "error", "id": message["id"], **describe(error)})

    def _load(self, message):
        file = message["file"]
        if file.startswith(PREFIX):
            self._tools[file] = load_package(file[len(PREFIX) :], message["wanted"])
            return self._tools[file].describe()
        if "entry" not in message:
            self._tools[file] = load(message["directory"], file)
            return self._tools[file].describe()
        entry = load_entry(file, message["entry"], message["connections"])
        self._tools[file] = entry
        if entry.aggregate is not None:
            self._tools[file + "#aggregate"] = Aggregation(entry)
        return entry.describe()

    def tool(self, file):
        return self._tools[file]

    def loop(self):
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="nodes-async", daemon=True).start()
            return self._loop

    def forget(self, call_id):
        self._calls.pop(call_id, None)

    def sole_call(self):
        """The call that a write outside any context belongs to: a thread that user code started has no context."""
        calls = list(self._calls.values())
        return calls[0] if len(calls) == 1 else None


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent decides when to stop.
    ends_with_engine()
    directory = os.environ.pop("FLOWSTEAD_FLOW_DIRECTORY")
    # Python takes a file of the same second and length for unchanged: an edit could be run as it was before it.
    sys.dont_write_bytecode = True
    sys.path.insert(0, directory)
    inherited = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    os.environ["PYTHONPATH"] = os.pathsep.join([directory, sys.path[1]] + inherited)  # For processes of user code.
    worker = Worker(Channel(int(os.environ.pop("FLOWSTEAD_CHANNEL_FD"))))
    _runtime.engine = worker.questions.ask
    _runtime.tell_span = worker.tell_span
    principal.install(worker)
    sys.stdout = NodeStream("stdout", sys.stdout, worker.sole_call)
    sys.stderr = NodeStream("stderr", sys.stderr, worker.sole_call)
    worker.serve()
