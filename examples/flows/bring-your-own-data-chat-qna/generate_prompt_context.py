from html import escape
from typing import List

from promptflow.core import tool
from promptflow_vectordb.core.contracts import SearchResultEntity


@tool
def generate_prompt_context(search_result: List[dict]) -> str:
    """The passages that were found, each with the number it is cited by."""
    blocks = []
    for number, item in enumerate(search_result, start=1):
        found = SearchResultEntity.from_dict(item)
        metadata = found.metadata or {}
        title = " / ".join([metadata.get("title") or "", *(metadata.get("headings") or [])])
        blocks.append(f'<document id="{number}" title="{escape(title)}">\n{found.text}\n</document>')
    return "\n".join(blocks)
