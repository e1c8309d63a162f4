import dataclasses
from typing import Optional


@dataclasses.dataclass
class ModelConfiguration:
    """Where a model is and how to reach it."""


@dataclasses.dataclass
class AzureOpenAIModelConfiguration(ModelConfiguration):
    azure_deployment: Optional[str] = None
    azure_endpoint: Optional[str] = None
    api_version: Optional[str] = None
    api_key: Optional[str] = None
    connection: Optional[str] = None

    @classmethod
    def from_connection(cls, connection, azure_deployment):
        return cls(
            azure_deployment=azure_deployment,
            azure_endpoint=connection.api_base,
            api_version=connection.api_version,
            api_key=connection.api_key,
        )


@dataclasses.dataclass
class OpenAIModelConfiguration(ModelConfiguration):
    model: Optional[str] = None
    base_url: Optional[str] = None
    api_key: Optional[str] = None
    organization: Optional[str] = None
    connection: Optional[str] = None

    @classmethod
    def from_connection(cls, connection, model):
        return cls(
            model=model,
            base_url=connection.base_url,
            api_key=connection.api_key,
            organization=connection.organization,
        )
