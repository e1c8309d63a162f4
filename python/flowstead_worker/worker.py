"""Reads messages, runs calls in threads or in one event loop, loads files in the main thread, and sends back what they do."""

import asyncio
import collections.abc
import contextvars
import inspect
import os
import queue
import signal
import sys
import threading

from promptflow import _engine, _runtime

from . import principal
from .argument import prepared
from .channel import Channel
from .encode import is_exact, preview, refusal, to_json
from .entry import Aggregation, load_entry
from .failure import Canceled, ToolFault, describe
from .items import BoundedItems, StreamedItems, streams_in
from .meta import meta_of
from .output import NodeStream, current_call
from .package import PREFIX, load_package
from .pool import Threads, interrupt
from .signature import load
from .view import view_of
from .written import literal

THREADS = 32


class Call:
    """One running call of a tool.

    Everything that a call sends is sent under its lock, and it is interrupted under its lock only: so an interrupt is
    noticed before or after a message and never in the middle of one.
    """

    def __init__(self, worker, message):
        self._worker = worker
        self._message = message
        self.id = message["id"]
        self.principal = message.get("principal")
        self._buffers = {"stdout": "", "stderr": ""}
        self._lock = threading.RLock()
        self._thread = None
        self._task = None
        self._done = False
        self._canceled = False

    def start(self):
        """Begins in the event loop, or gives what is to be run in a thread."""
        context = contextvars.copy_context()
        context.run(current_call.set, self)
        context.run(_runtime.metric_sink.set, self.metric)
        context.run(_runtime.operation.set, {"flow_id": "default_flow_id", "root_run_id": self._message["run"]})
        tool = self._worker.tool(self._message["file"])
        if tool.asynchronous:
            self._worker.loop().call_soon_threadsafe(self._start_task, context, tool)
            return None
        return lambda: context.run(self._run, tool)

    def cancel(self):
        with self._lock:
            self._canceled = True
            if self._done:
                return
            if self._thread is not None:
                interrupt(self._thread, Canceled)
            if self._task is not None:
                self._worker.loop().call_soon_threadsafe(self._task.cancel)

    def log(self, stream, text):
        with self._lock:
            whole = self._buffers[stream] + text
            cut = len(whole) if len(whole) > 8192 else whole.rfind("\n") + 1
            self._buffers[stream] = whole[cut:]
            if cut:
                self._worker.send({"t": "log", "id": self.id, "stream": stream, "text": whole[:cut]})

    def metric(self, name, value):
        with self._lock:
            self._worker.send({"t": "metric", "id": self.id, "name": name, "value": value})

    def span(self, span):
        with self._lock:
            if not self._done:
                self._worker.send({"t": "span", "id": self.id, **span})

    def _prepare(self, tool):
        return prepared(tool, self._message, self._worker)

    def _run(self, tool):
        try:
            with self._lock:
                if self._canceled:
                    raise Canceled()
                self._thread = threading.get_ident()
            try:
                function, arguments = self._prepare(tool)
                result = function(**arguments)
                if inspect.isawaitable(result):
                    result = self._in_loop(_wait(result))
                if self._message.get("inner"):
                    pass  # An iterator is read by the node that gets it, as far as that goes: it may have no end.
                elif isinstance(result, collections.abc.AsyncIterator):
                    result = self._in_loop(self._collect(result))
                elif isinstance(result, collections.abc.Iterator):
                    result = self._drain(result)
                else:
                    for name in streams_in(result):
                        stream = result[name]
                        is_async = isinstance(stream, collections.abc.AsyncIterator)
                        items = self._in_loop(self._collect(stream, name)) if is_async else self._drain(stream, name)
                        result = {**result, name: tool.settle(items)}
            finally:
                with self._lock:
                    self._thread = None
            self._succeed(result)
        except BaseException as error:
            self._fail(error)

    def _start_task(self, context, tool):
        self._task = context.run(self._worker.loop().create_task, self._run_async(tool))
        if self._canceled:
            self._task.cancel()

    async def _run_async(self, tool):
        try:
            function, arguments = self._prepare(tool)
            result = await function(**arguments)
            if self._message.get("inner"):
                pass
            elif isinstance(result, collections.abc.AsyncIterator):
                result = await self._collect(result)
            elif isinstance(result, collections.abc.Iterator):
                result = self._drain(result)
            else:
                for name in streams_in(result):
                    stream = result[name]
                    is_async = isinstance(stream, collections.abc.AsyncIterator)
                    items = await self._collect(stream, name) if is_async else self._drain(stream, name)
                    result = {**result, name: tool.settle(items)}
            self._succeed(result)
        except BaseException as error:
            self._fail(error)

    async def _collect(self, iterator, field=None):
        items = BoundedItems()
        async for item in iterator:
            items.append(self._chunk(item, field))
        return StreamedItems(items)

    def _drain(self, iterator, field=None):
        items = BoundedItems()
        for item in iterator:
            items.append(self._chunk(item, field))
        return StreamedItems(items)

    def _in_loop(self, coroutine):
        future = asyncio.run_coroutine_threadsafe(coroutine, self._worker.loop())
        try:
            return future.result()
        except Canceled:
            future.cancel()
            raise

    def _chunk(self, item, field=None):
        """Tells a piece of the result, or of one of its fields."""
        of = {} if field is None else {"field": field}
        with self._lock:
            self._worker.send({"t": "chunk", "id": self.id, "text": str(item), **of})
        return item

    def _succeed(self, result):
        self._finish({"t": "result", **self._worker.pack(self._message["run"], result)})

    def _fail(self, error):
        if isinstance(error, (Canceled, asyncio.CancelledError)) and self._canceled:
            self._finish({"t": "error", "code": "Canceled", "message": "The call was canceled."})
        elif isinstance(error, (asyncio.CancelledError, KeyboardInterrupt)):
            self._finish({"t": "error", **describe(error), "code": "ToolCanceledError"})
        else:
            self._finish({"t": "error", **describe(error)})

    def _finish(self, message):
        with self._lock:
            if self._done:
                return
            self._done = True
            for stream, text in self._buffers.items():
                if text:
                    self._worker.send({"t": "log", "id": self.id, "stream": stream, "text": text})
            self._worker.forget(self.id)
            self._worker.send({"id": self.id, **message})


class Worker:
    def __init__(self, channel):
        self._channel = channel
        self._tools = {}
        self._calls = {}
        self._kept = {}
        self._inboxes = {}
        self._mail = queue.SimpleQueue()  # For the main thread.
        self._next_reference = 0
        self._next_question = 0
        self._loop = None
        self._lock = threading.Lock()
        self._threads = Threads(THREADS, self._receive)
        self.send = channel.send

    def serve(self):
        self.send({"t": "hello", "version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable})
        self._threads.start()
        while True:
            self._mail.get()()

    def ask(self, kind, value):
        """Asks the engine and yields its answers. The main thread goes on loading other files meanwhile."""
        in_main = threading.current_thread() is threading.main_thread()
        inbox = queue.SimpleQueue()
        with self._lock:
            self._next_question += 1
            number = self._next_question
            self._inboxes[number] = self._deliver_to_main(inbox) if in_main else inbox.put
        call = current_call.get() or self.sole_call()
        asked = {"t": "ask", "id": call.id if call else 0, "ask": number, "kind": kind, "value": to_json(value)}
        self.send(asked)
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
                self.send({"t": "unask", "ask": number})

    def _deliver_to_main(self, inbox):
        return lambda message: self._mail.put(lambda: inbox.put(message))

    def tell_span(self, span):
        call = current_call.get() or self.sole_call()
        if call is not None:
            values = {name: preview(span[name]) for name in ("inputs", "output") if name in span}
            call.span({**span, **values})

    def _receive(self):
        """Waits for a message. What runs a flow's code is given to be run, all else is done here or in the main thread."""
        message = self._channel.receive()
        if message is None:
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
        elif kind in ("answer", "answered", "refused"):
            deliver = self._inboxes.get(message["ask"])
            if deliver is not None:
                deliver(message)
        elif kind == "end":
            with self._lock:
                self._kept.pop(message["run"], None)
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
                answer = self.pack(message["run"], _property(self.resolve(message["ref"]), message["path"]))
            elif kind == "view":
                answer = {"value": view_of(self.resolve(message["ref"]), message["names"], message["calls"])}
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
        entry = load_entry(file, message["entry"])
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

    def pack(self, run, value):
        """A value as JSON; what JSON cannot say is kept here until its run ends, and referred to."""
        try:
            if is_exact(value):
                return {"value": value}
        except RecursionError:
            pass  # It holds itself: JSON has no word for that.
        with self._lock:
            self._next_reference += 1
            reference = self._next_reference
            self._kept.setdefault(run, {})[reference] = value
        packed = {"ref": {"run": run, "id": reference, "type": type(value).__name__}, "value": None}
        try:
            packed["value"] = str(value) if isinstance(value, StreamedItems) else to_json(value)
            unfit = None if isinstance(value, StreamedItems) else refusal(value)
            if unfit is not None:
                packed["ref"]["unfit"] = unfit
        except Exception as error:
            packed["ref"]["error"] = refusal(value) or "(%s) %s" % (type(error).__name__, error)
        return packed

    def resolve(self, reference):
        if isinstance(reference, list):
            return [self.resolve(item) for item in reference]
        if "value" in reference:
            return reference["value"]
        if "literal" in reference:
            return literal(reference["literal"])
        try:
            return self._kept[reference["run"]][reference["id"]]
        except KeyError:
            raise ToolFault("PythonValueLost", "The Python object that a node returned is no longer there.") from None

    def forget(self, call_id):
        self._calls.pop(call_id, None)

    def sole_call(self):
        """The call that a write outside any context belongs to: a thread that user code started has no context."""
        calls = list(self._calls.values())
        return calls[0] if len(calls) == 1 else None


def _property(value, path):
    for step in path:
        try:
            if isinstance(step, int) or isinstance(value, dict):
                value = value[step]
            else:
                value = getattr(value, step)
        except (KeyError, IndexError, AttributeError, TypeError):
            raise ToolFault("InvalidReferenceProperty", "no property %r" % (step,)) from None
    return value


async def _wait(awaitable):
    return await awaitable


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent decides when to stop.
    directory = os.environ.pop("FLOWSTEAD_FLOW_DIRECTORY")
    # Python takes a file of the same second and length for unchanged: an edit could be run as it was before it.
    sys.dont_write_bytecode = True
    sys.path.insert(0, directory)
    inherited = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    os.environ["PYTHONPATH"] = os.pathsep.join([directory, sys.path[1]] + inherited)  # For processes of user code.
    worker = Worker(Channel(int(os.environ.pop("FLOWSTEAD_CHANNEL_FD"))))
    _runtime.engine = worker.ask
    _runtime.tell_span = worker.tell_span
    principal.install(worker)
    sys.stdout = NodeStream("stdout", sys.stdout, worker.sole_call)
    sys.stderr = NodeStream("stderr", sys.stderr, worker.sole_call)
    worker.serve()
