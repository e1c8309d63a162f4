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


class SerpAPIUserError(UserErrorException):
    pass


class SerpAPISystemError(SystemErrorException):
    pass
