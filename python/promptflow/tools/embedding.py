import enum
from typing import Union

from .._tool import tool
from ..connections import AzureOpenAIConnection, OpenAIConnection, ServerlessConnection
from ..core import _chat
from .exception import InvalidConnectionType


class EmbeddingModel(str, enum.Enum):
    TEXT_EMBEDDING_ADA_002 = "text-embedding-ada-002"
    TEXT_SEARCH_ADA_DOC_001 = "text-search-ada-doc-001"
    TEXT_SEARCH_ADA_QUERY_001 = "text-search-ada-query-001"


@tool
def embedding(
    connection: Union[AzureOpenAIConnection, OpenAIConnection, ServerlessConnection],
    input: str,
    deployment_name: str = "",
    model: EmbeddingModel = EmbeddingModel.TEXT_EMBEDDING_ADA_002,
):
    """The vector of a text."""
    if not isinstance(connection, (AzureOpenAIConnection, OpenAIConnection, ServerlessConnection)):
        raise InvalidConnectionType(
            "Not Support connection type '%s' for embedding api. "
            "Connection type should be in [AzureOpenAIConnection, OpenAIConnection]." % type(connection).__name__
        )
    name = deployment_name if isinstance(connection, AzureOpenAIConnection) else getattr(model, "value", model)
    return _chat.embed(connection, {"input": input, "model": name})["data"][0]["embedding"]
