from typing import List

from promptflow.core import tool
from ragcore.conversation import count_tokens
from ragcore.ranking import fuse


@tool
def chunk_documents(
    data_source: str, max_tokens: int, queries: List[str], query_type: str, results: List[List[dict]], top_k: int
) -> List[dict]:
    """The best passages of all queries, each with where it is from; a passage over the budget is parted at its lines."""
    chunks = []
    for item in fuse(results)[: top_k * max(1, len(queries))]:
        for text in part(item["text"], max_tokens):
            chunks.append(
                {
                    "content": text,
                    "title": " / ".join([item["metadata"]["title"], *item["metadata"].get("headings", [])]),
                    "url": item["metadata"]["source"]["url"],
                    "score": item["score"],
                    "data_source": data_source,
                    "query_type": query_type,
                }
            )
    return chunks


def part(text: str, max_tokens: int) -> List[str]:
    parts = [""]
    for line in text.splitlines(keepends=True):
        if parts[-1] and count_tokens(parts[-1] + line) > max_tokens:
            parts.append("")
        parts[-1] += line
    return [one for one in parts if one.strip()]
