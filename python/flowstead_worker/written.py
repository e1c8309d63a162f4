"""Literals of a flow's file, of the classes that the original's YAML library gives them: code can see their names."""


class SingleQuotedScalarString(str):
    pass


class DoubleQuotedScalarString(str):
    pass


class LiteralScalarString(str):
    pass


class FoldedScalarString(str):
    pass


class ScalarFloat(float):
    pass


_CLASSES = {
    "single": SingleQuotedScalarString,
    "double": DoubleQuotedScalarString,
    "literal": LiteralScalarString,
    "folded": FoldedScalarString,
    "float": ScalarFloat,
}


def as_written(value, style):
    """The value in the class of its style; with no such style, or no value for it, as it is."""
    kind = _CLASSES.get(style)
    return value if kind is None or value is None else kind(value)
