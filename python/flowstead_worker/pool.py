"""Threads for nodes. Own ones, because a node's thread must survive an exception thrown into it from outside."""

import ctypes
import queue
import threading


class Threads:
    def __init__(self, limit):
        self._limit = limit
        self._jobs = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self._idle = 0

    def submit(self, job):
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif self._count < self._limit:
                self._count += 1
                threading.Thread(target=self._run, name="node-%d" % self._count, daemon=True).start()
        self._jobs.put(job)

    def _run(self):
        while True:
            try:
                job = self._jobs.get()
                try:
                    job()
                finally:
                    with self._lock:
                        self._idle += 1
                    del job
            except BaseException:  # A late cancel; the job has told its own errors.
                continue


def interrupt(thread_id, exception):
    """Raises an exception in another thread at its next bytecode. A thread inside C code notices when it returns."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(exception))
