from typing import List

from promptflow.core import tool
from ragcore.conversation import count_tokens, latest_turns


@tool
def format_conversation(history: List[dict], max_tokens: int, query: str) -> dict:
    """The last turns that fit the budget, and the question."""
    return {"turns": latest_turns(history, max_tokens - count_tokens(query)), "question": query}
