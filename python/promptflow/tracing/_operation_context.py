from .. import _runtime


class OperationContext(dict):
    """What is known about the run that calls: `flow_id` and `root_run_id`."""

    @classmethod
    def get_instance(cls):
        return cls(_runtime.operation.get() or {})

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None
