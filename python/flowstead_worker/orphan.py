"""What becomes of the worker, and of what its code has started, when the engine is gone."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_group():
    """What the flow's code has started ends with the engine, also with one that was killed; see process.ts."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)


def ends_with_engine():
    """Has the kernel end this process when the engine has died, also while C code holds the interpreter's lock.

    Who reads the engine's messages notices its death, and ends the whole group; but it needs the lock for that. So what
    the kernel sends is handled by `alarm` of the C library itself: called with the number of SIGHUP, which is 1, it
    leaves that reader one second. To be called before any code of the flow runs: an engine that had died before is
    noticed by the reader then.
    """
    if sys.platform != "linux":
        return
    try:
        libc = ctypes.CDLL(None)
        libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
        libc.signal.restype = ctypes.c_void_p
        libc.signal(signal.SIGHUP, ctypes.cast(libc.alarm, ctypes.c_void_p))
        libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGHUP), 0, 0, 0)
    except (AttributeError, OSError):  # A C library that does not have them.
        pass
