from typing import List

from promptflow.core import tool


@tool
def filter_chunks(min_score: float, results: List[dict], top_k: int) -> List[dict]:
    """The best chunks, without those that only a weak place in one of the lists speaks for."""
    return [chunk for chunk in results if chunk["score"] >= min_score][:top_k]
