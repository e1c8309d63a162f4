import json
from typing import List

from promptflow.core import tool


@tool
def extract_search_intent(intent: str) -> List[str]:
    """The queries of a JSON list; any other text is one query."""
    text = intent.strip().removeprefix("```json").removesuffix("```").strip()
    try:
        queries = json.loads(text)
    except ValueError:
        queries = text
    if not isinstance(queries, list):
        queries = [text]
    return [query.strip() for query in queries if isinstance(query, str) and query.strip()]
