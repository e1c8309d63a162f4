"""One running call of a tool: in a thread or in the event loop, with all that it sends back while it runs."""

import asyncio
import collections.abc
import contextvars
import inspect
import threading

from promptflow import _runtime

from .argument import prepared
from .encode import json_text, refusal, to_json
from .failure import Canceled, describe
from .items import BoundedItems, StreamedItems, streams_in
from .output import current_call
from .pool import interrupt


# How often a coroutine that is held looks whether it may go on.
HELD_S = 0.01


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
        self._loop = None  # That of the task.
        self._done = False
        self._canceled = False
        self._go = threading.Event()  # Cleared while who reads its stream is behind.
        self._go.set()
        self._streaming = False  # Whether what it does is reading the stream that it returned.

    def start(self):
        """Begins in the event loop, or gives what is to be run in a thread."""
        context = contextvars.copy_context()
        context.run(current_call.set, self)
        context.run(_runtime.metric_sink.set, self.metric)
        context.run(_runtime.operation.set, {"flow_id": "default_flow_id", "root_run_id": self._message["run"]})
        tool = self._worker.tool(self._message["file"])
        if tool.asynchronous and not self._reads_streams():
            self._loop = self._worker.loop()
            self._loop.call_soon_threadsafe(self._start_task, context, tool)
            return None
        return lambda: context.run(self._run, tool)

    def hold(self, is_held):
        """Reads no further of its stream, until the reader has caught up."""
        with self._lock:
            if is_held and not self._canceled:
                self._go.clear()
            else:
                self._go.set()

    def cancel(self):
        with self._lock:
            self._canceled = True
            self._go.set()
            if self._done:
                return
            if self._thread is not None:
                interrupt(self._thread, Canceled)
            if self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)

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
                if self._is_shown(result):
                    self._begin()
                    is_async = isinstance(result, collections.abc.AsyncIterator)
                    result = self._in_loop(self._collect(result)) if is_async else self._drain(result)
                for name in self._begun_streams(result):
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
        self._task = context.run(self._loop.create_task, self._run_async(tool))
        if self._canceled:
            self._task.cancel()

    async def _run_async(self, tool):
        try:
            function, arguments = self._prepare(tool)
            result = await function(**arguments)
            if self._is_shown(result):
                self._begin()
                is_async = isinstance(result, collections.abc.AsyncIterator)
                result = await self._collect(result) if is_async else self._drain(result)
            for name in self._begun_streams(result):
                stream = result[name]
                is_async = isinstance(stream, collections.abc.AsyncIterator)
                items = await self._collect(stream, name) if is_async else self._drain(stream, name)
                result = {**result, name: tool.settle(items)}
            self._succeed(result)
        except BaseException as error:
            self._fail(error)

    def _is_shown(self, result):
        """Whether the result is a stream that is read here, since others than code of other nodes want all of it."""
        is_stream = isinstance(result, (collections.abc.Iterator, collections.abc.AsyncIterator))
        return is_stream and "shown_fields" not in self._message

    def _begun_streams(self, result):
        """The fields that are streams to read here. All are told before one is read, with what is beside them."""
        shown = self._message.get("shown_fields")
        names = [name for name in streams_in(result) if shown is None or name in shown]
        for name in names[:-1]:
            self._begin(name)
        if names:
            self._begin(names[-1], {name: value for name, value in result.items() if name not in names})
        return names

    def _begin(self, field=None, beside=None):
        """An empty piece tells that there is a stream, also where nothing comes of it."""
        piece = {"t": "chunk", "id": self.id, "text": ""}
        if field is not None:
            piece["field"] = field
        # What JSON cannot say fails an output, but not before the stream has been read.
        if beside is not None and refusal(beside) is None:
            piece["beside"] = to_json(beside)
        with self._lock:
            self._worker.send(piece)

    async def _collect(self, iterator, field=None):
        items = self._reading()
        async for item in iterator:
            items.append(self._chunk(item, field))
            while not self._go.is_set():
                await asyncio.sleep(HELD_S)
        return self._ended(items)

    def _drain(self, iterator, field=None):
        items = self._reading()
        for item in iterator:
            items.append(self._chunk(item, field))
            if self._thread is not None:  # In the loop of all it would hold up others.
                self._go.wait()
        return self._ended(items)

    def _reading(self):
        self._streaming = True
        return BoundedItems()

    def _ended(self, items):
        self._streaming = False
        return StreamedItems(items)

    def _in_loop(self, coroutine):
        """Runs it for this thread: in the loop of all, or, where it may wait for a stream's next item, in a loop of its own."""
        if self._reads_streams():
            return self._in_own_loop(coroutine)
        future = asyncio.run_coroutine_threadsafe(coroutine, self._worker.loop())
        try:
            return future.result()
        except Canceled:
            future.cancel()
            raise

    def _in_own_loop(self, coroutine):
        loop = asyncio.new_event_loop()
        task = loop.create_task(coroutine)
        with self._lock:
            self._loop, self._task = loop, task
        try:
            return loop.run_until_complete(task)
        finally:
            with self._lock:
                self._task = None
            task.cancel()  # Where it was left in the middle.
            loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _reads_streams(self):
        """Whether it is given a stream, whose next item plain code of a coroutine waits for, and with it all in its loop."""
        return any(map(self._worker.kept.is_stream, (self._message.get("refs") or {}).values()))

    def _chunk(self, item, field=None):
        """Tells a piece of the result, or of one of its fields: as text, and as JSON where it is none."""
        piece = {"t": "chunk", "id": self.id, "text": str(item)}
        if field is not None:
            piece["field"] = field
        written = None if isinstance(item, str) else json_text(item)
        if written is not None:
            piece["json"] = written
        with self._lock:
            self._worker.send(piece)
        return item

    def _succeed(self, result):
        self._finish({"t": "result", **self._worker.kept.pack(self._message["run"], result)})

    def _fail(self, error):
        if isinstance(error, (Canceled, asyncio.CancelledError)) and self._canceled:
            self._finish({"t": "error", "code": "Canceled", "message": "The call was canceled."})
        elif isinstance(error, (asyncio.CancelledError, KeyboardInterrupt)):
            self._finish({"t": "error", **describe(error), "code": "ToolCanceledError"})
        else:
            streaming = {"streaming": True} if self._streaming else {}
            self._finish({"t": "error", **describe(error), **streaming})

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


async def _wait(awaitable):
    return await awaitable
