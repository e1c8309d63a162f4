import enum
import json

from .._tool import tool
from ..connections import AzureContentSafetyConnection
from ..core.tool_provider import ToolProvider
from ..exceptions import SystemErrorException, UserErrorException

TIMEOUT_SECONDS = 60
# The severity from which a text is refused.
_THRESHOLDS = {"disable": None, "low_sensitivity": 6, "medium_sensitivity": 4, "high_sensitivity": 2}


class TextCategorySensitivity(str, enum.Enum):
    DISABLE = "disable"
    LOW_SENSITIVITY = "low_sensitivity"
    MEDIUM_SENSITIVITY = "medium_sensitivity"
    HIGH_SENSITIVITY = "high_sensitivity"


_MEDIUM = TextCategorySensitivity.MEDIUM_SENSITIVITY


class AzureContentSafety(ToolProvider):
    """Asks Azure AI Content Safety whether a text may pass."""

    def __init__(self, connection: AzureContentSafetyConnection):
        super().__init__()
        self.connection = connection

    @tool
    def analyze_text(
        self,
        text: str,
        hate_category: TextCategorySensitivity = _MEDIUM,
        sexual_category: TextCategorySensitivity = _MEDIUM,
        self_harm_category: TextCategorySensitivity = _MEDIUM,
        violence_category: TextCategorySensitivity = _MEDIUM,
    ):
        found = _severities(_detect(self.connection, text))
        wanted = {
            "Hate": hate_category,
            "SelfHarm": self_harm_category,
            "Sexual": sexual_category,
            "Violence": violence_category,
        }
        actions = {}
        for category, sensitivity in wanted.items():
            limit = _THRESHOLDS[getattr(sensitivity, "value", sensitivity)]
            refused = limit is not None and found.get(category, 0) >= limit
            actions[category] = "Reject" if refused else "Accept"
        suggested = "Reject" if "Reject" in actions.values() else "Accept"
        return {"suggested_action": suggested, "action_by_category": actions}


@tool
def analyze_text(connection: AzureContentSafetyConnection, text: str, **categories):
    return AzureContentSafety(connection).analyze_text(text, **categories)


def _detect(connection, text):
    import urllib.error
    import urllib.request

    url = "%s/contentsafety/text:analyze?api-version=%s" % (connection.endpoint.rstrip("/"), connection.api_version)
    headers = {"Ocp-Apim-Subscription-Key": connection.api_key, "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps({"text": text}).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        kind = UserErrorException if error.code < 500 else SystemErrorException
        raise kind("Content Safety answered %d: %s" % (error.code, error.reason)) from None
    except OSError as error:
        raise SystemErrorException("Content Safety cannot be reached: %s" % error) from None


def _severities(result):
    """The form of 2023-10-01, and the older one with a field for each category."""
    if "categoriesAnalysis" in result:
        return {entry["category"]: entry.get("severity") or 0 for entry in result["categoriesAnalysis"]}
    return {name[: -len("Result")].title().replace("Selfharm", "SelfHarm"): entry["severity"]
            for name, entry in result.items() if name.endswith("Result") and entry}
