import json

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
    chain = "UserError/OpenAIError/APIConnectionError"


class ExceedMaxRetryTimes(WrappedOpenAIError):
    pass


class LLMError(UserErrorException):
    pass


class SerpAPIUserError(UserErrorException):
    pass


class SerpAPISystemError(SystemErrorException):
    pass


_REFUSALS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}


def refusal(status, text):
    """What the original raises for a model's answer that is none, in the words of the client that it uses."""
    name = _REFUSALS.get(status) or ("InternalServerError" if status >= 500 else "APIStatusError")
    try:
        said = "Error code: %d - %s" % (status, json.loads(text))
    except ValueError:
        said = text.strip() or "Error code: %d" % status
    reference = "Error reference: https://platform.openai.com/docs/guides/error-codes/api-errors"
    error = WrappedOpenAIError("OpenAI API hits %s: %s [%s]" % (name, said, reference))
    error.chain = "UserError/OpenAIError/" + name
    return error
