from typing import List

from promptflow.core import tool
from ragcore.conversation import count_tokens, latest_turns


@tool
def format_reply_inputs(
    chunks: List[dict], history: List[dict], max_conversation_tokens: int, max_tokens: int, query: str
) -> dict:
    """What the reply is made from: numbered passages within the budget, the last turns and the question."""
    turns = latest_turns(history, max_conversation_tokens)
    left = max_tokens - count_tokens(query) - sum(count_tokens(text) for turn in turns for text in turn.values())
    kept = []
    for chunk in chunks:
        left -= count_tokens(chunk["title"]) + count_tokens(chunk["content"])
        if left < 0:
            break
        kept.append({"number": len(kept) + 1, "title": chunk["title"], "content": chunk["content"]})
    return {"documents": kept, "turns": turns, "question": query}
