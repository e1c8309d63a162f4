from ..exceptions import SystemErrorException, UserErrorException


class ToolValidationError(UserErrorException):
    pass


class InvalidConnectionType(ToolValidationError):
    pass


class ChatAPIInvalidRole(ToolValidationError):
    pass


class ChatAPIInvalidFunctions(ToolValidationError):
    pass


class ChatAPIInvalidTools(ToolValidationError):
    pass


class JinjaTemplateError(ToolValidationError):
    pass


class ChatAPIFunctionRoleInvalidFormat(ToolValidationError):
    pass


class ChatAPIToolRoleInvalidFormat(ToolValidationError):
    pass


class FunctionCallNotSupportedInStreamMode(ToolValidationError):
    pass


class WrappedOpenAIError(UserErrorException):
    chain = "UserError/OpenAIError/WrappedOpenAIError"


class ExceedMaxRetryTimes(WrappedOpenAIError):
    pass


class LLMError(UserErrorException):
    pass


class SerpAPIUserError(UserErrorException):
    pass


class SerpAPISystemError(SystemErrorException):
    pass
