from .connections import *  # noqa: F401,F403  The original has its connection classes here too.
from .core._flow import FlowContext


class InputSetting:
    """How a tool's input is shown in an editor; what is not known here is kept as given."""

    SHOWN = ("is_multi_select", "allow_manual_entry", "enabled_by", "enabled_by_value", "dynamic_list", "generated_by")

    def __init__(self, **settings):
        self.__dict__.update({name: None for name in self.SHOWN}, **settings)


class DynamicList:
    """A function that lists the values of an input."""

    def __init__(self, function, input_mapping=None):
        self.function = function
        self.input_mapping = input_mapping


class GeneratedBy:
    """A function that makes the value of an input from others, and one that finds these back from the value."""

    def __init__(self, function, reverse_function, input_settings=None):
        self.function = function
        self.reverse_function = reverse_function
        self.input_settings = input_settings


__all__ = ["DynamicList", "FlowContext", "GeneratedBy", "InputSetting"]
