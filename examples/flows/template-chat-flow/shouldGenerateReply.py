from typing import List

from promptflow.core import tool


@tool
def should_generate_reply(chunks: List[dict], queries: List[str]) -> bool:
    """Not when something was searched and nothing was found. A greeting, which asks for no search, gets its reply."""
    return len(chunks) > 0 or len(queries) == 0
