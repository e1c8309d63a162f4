"""Turns of a conversation within a budget of tokens."""

from typing import List


def count_tokens(text: str) -> int:
    """About as many as a model counts: four tokens for three words."""
    return (len(text.split()) * 4 + 2) // 3


def latest_turns(history: List[dict], max_tokens: int) -> List[dict]:
    """The last turns that fit, oldest first, each as `question` and `answer` on one line."""
    kept = []
    for turn in reversed(history):
        question = " ".join(str(turn["inputs"].get("query") or "").split())
        answer = " ".join(str(turn["outputs"].get("reply") or "").split())
        max_tokens -= count_tokens(question) + count_tokens(answer)
        if max_tokens < 0:
            break
        kept.append({"question": question, "answer": answer})
    return kept[::-1]
