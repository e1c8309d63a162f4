from .._tool import tool
from .common import PromptResult, render_jinja_template


@tool
def render_template_jinja2(template: str, **kwargs):
    return PromptResult(render_jinja_template(template, **kwargs))
