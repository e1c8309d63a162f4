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
