"""Threads for nodes. Own ones, because a node's thread must survive an exception thrown into it from outside.

One of them reads what comes. What it reads it runs itself, while another one reads on: a call begins without waiting for a
change of threads, which takes longer than all the rest of a small one.
"""

import ctypes
import os
import queue
import threading
import traceback


class Threads:
    def __init__(self, limit, receive):
        """`receive` waits for a message and gives what is to be run for it, or None."""
        self._limit = limit
        self._receive = receive
        self._jobs = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        self._taken = 0  # Jobs that run or wait, reading included.

    def start(self):
        self._submit(self._read)

    def _submit(self, job):
        with self._lock:
            self._taken += 1
            if self._taken > self._count and self._count <= self._limit:
                self._count += 1
                threading.Thread(target=self._run, name="node-%d" % self._count, daemon=True).start()
        self._jobs.put(job)

    def _read(self):
        while True:
            try:
                job = self._receive()
            except BaseException:  # Nobody else reads.
                try:
                    traceback.print_exc()
                finally:  # Whoever read that may be gone too.
                    os._exit(1)
            if job is None:
                continue
            if self._taken <= self._limit:  # Only this thread adds to it.
                self._submit(self._read)
                return job()
            self._submit(job)

    def _run(self):
        while True:
            try:
                job = self._jobs.get()
                try:
                    job()
                finally:
                    with self._lock:
                        self._taken -= 1
                    del job
            except BaseException:  # A late cancel; the job has told its own errors.
                continue


def interrupt(thread_id, exception):
    """Raises an exception in another thread at its next bytecode. A thread inside C code notices when it returns."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(exception))
