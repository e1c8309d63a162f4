"""Exceptions that flow code raises to be classified as the original classifies them."""

import enum


class ErrorTarget(str, enum.Enum):
    """The part of the original that an error is blamed on."""

    EXECUTOR = "Executor"
    TOOL = "Tool"
    AZURE_RUN_STORAGE = "AzureRunStorage"
    CORE = "Core"
    UNKNOWN = "Unknown"


class PromptflowException(Exception):
    def __init__(self, message="", message_format="", target=None, module=None, **parameters):
        self._message = message or (message_format.format(**parameters) if message_format else "")
        self.message_format = message_format
        self.message_parameters = parameters
        self.target = target
        self.module = module
        super().__init__(self.message)

    @property
    def message(self):
        return self._message or type(self).__name__


class UserErrorException(PromptflowException):
    pass


class SystemErrorException(PromptflowException):
    pass


class ValidationException(UserErrorException):
    pass
