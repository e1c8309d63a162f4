from promptflow_vectordb.core.contracts import SearchResultEntity

__all__ = ["SearchResultEntity"]
