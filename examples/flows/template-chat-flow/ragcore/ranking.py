"""Several lists of results as one, by reciprocal rank."""

from typing import Dict, List

K = 60


def fuse(results: List[List[dict]]) -> List[dict]:
    """Each passage once, best first. Its score is 1 when it stands first in every list."""
    scores: Dict[str, float] = {}
    passages: Dict[str, dict] = {}
    for found in results:
        for rank, item in enumerate(found):
            key = item["metadata"]["id"]
            passages.setdefault(key, item)
            scores[key] = scores.get(key, 0.0) + (K + 1) / (K + 1 + rank) / len(results)
    ordered = sorted(scores, key=lambda key: -scores[key])
    return [{**passages[key], "score": scores[key]} for key in ordered]
