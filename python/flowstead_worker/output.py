"""print() of a node goes to that node: writes are told to the call in whose context they happen."""

import contextvars
import io

current_call = contextvars.ContextVar("flowstead_call", default=None)


class NodeStream(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr. Outside a call it writes to the process's own stream."""

    def __init__(self, name, original, sole_call):
        self._name = name
        self._original = original
        self._sole_call = sole_call

    def write(self, text):
        call = current_call.get() or self._sole_call()
        if call is None:
            return self._original.write(text)
        call.log(self._name, str(text))
        return len(text)

    def flush(self):
        self._original.flush()

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        return self._original.fileno()

    @property
    def encoding(self):
        return self._original.encoding

    @property
    def errors(self):
        return self._original.errors

    @property
    def buffer(self):
        return self._original.buffer
