from ._trace import start_trace, trace

__all__ = ["start_trace", "trace"]
