from .connections import *  # noqa: F401,F403  The original has its connection classes here too.
from .core._flow import FlowContext


class InputSetting:
    """How a tool's input is shown in an editor; kept as given."""

    def __init__(self, **settings):
        self.__dict__.update(settings)


class DynamicList:
    """A function that lists the values of an input."""

    def __init__(self, function, input_mapping=None, allow_manual_entry=False, is_multi_select=False):
        self.function = function
        self.input_mapping = input_mapping
        self.allow_manual_entry = allow_manual_entry
        self.is_multi_select = is_multi_select


class GeneratedBy:
    """A function that makes the value of an input from others."""

    def __init__(self, function, reverse_func=None, input_settings=None):
        self.function = function
        self.reverse_func = reverse_func
        self.input_settings = input_settings


__all__ = ["DynamicList", "FlowContext", "GeneratedBy", "InputSetting"]
