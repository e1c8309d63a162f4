"""Templates and chat prompts, rendered and parsed by the engine."""

from .._engine import ask_one


class ChatInputList(list):
    """A list that prints one item a line in a prompt."""

    def __str__(self):
        return "\n".join(str(item) for item in self)


class PromptResult(str):
    """A rendered prompt."""


def render_jinja_template(template_content=None, trim_blocks=True, keep_trailing_newline=True, **kwargs):
    """The template rendered with the other keywords as its variables."""
    if template_content is None:
        # Its name before version 1.6 of the original's tools, which flows use as well.
        if "prompt" not in kwargs:
            raise TypeError("render_jinja_template() missing 1 required positional argument: 'template_content'")
        template_content = kwargs.pop("prompt")
    return ask_one(
        "render",
        template=template_content,
        variables={key: value for key, value in kwargs.items() if key != "escape_dict"},
        trim_blocks=trim_blocks,
        keep_trailing_newline=keep_trailing_newline,
    )


def parse_chat(chat_str, images=None, valid_roles=None, image_detail="auto", escape_dict=None):
    """The messages of a chat prompt."""
    return ask_one("parse_chat", prompt=str(chat_str), image_detail=image_detail)


def build_messages(prompt, images=None, image_detail="auto", **kwargs):
    """The messages of a template rendered with the other keywords."""
    return parse_chat(render_jinja_template(prompt, **kwargs), images, image_detail=image_detail)


def convert_to_chat_list(value):
    """Lists at any depth become lists that print one item a line."""
    if isinstance(value, dict):
        return {key: convert_to_chat_list(item) for key, item in value.items()}
    if isinstance(value, list):
        return ChatInputList([convert_to_chat_list(item) for item in value])
    return value


def to_bool(value):
    return str(value).lower() == "true"
