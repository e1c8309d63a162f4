"""What the index lookup tool returns, for nodes that read it by attribute."""

import dataclasses
from typing import Any, Dict, List, Optional


@dataclasses.dataclass
class SearchResultEntity:
    text: Optional[str] = None
    vector: Optional[List[float]] = None
    score: Optional[float] = None
    original_entity: Optional[Dict[str, Any]] = None
    metadata: Optional[Dict[str, Any]] = None
    additional_fields: Optional[Dict[str, Any]] = None

    @classmethod
    def from_dict(cls, data):
        fields = {field.name: data.get(field.name) for field in dataclasses.fields(cls)}
        if fields["text"] is None:
            fields["text"] = data.get("page_content")
        return cls(**fields)

    def as_dict(self):
        return dataclasses.asdict(self)
