class ToolProvider:
    """Base of classes whose method is a tool; the constructor's parameters become inputs of the node."""

    _initialize_inputs = None

    def __init__(self, *args, **kwargs):
        pass
