import enum
import json

from .._tool import tool
from ..connections import SerpConnection
from ..core.tool_provider import ToolProvider
from .exception import SerpAPISystemError, SerpAPIUserError

URL = "https://serpapi.com/search"
TIMEOUT_SECONDS = 60


class SafeMode(str, enum.Enum):
    ACTIVE = "active"
    OFF = "off"


class Engine(str, enum.Enum):
    GOOGLE = "google"
    BING = "bing"


class SerpAPI(ToolProvider):
    """Searches the web with SerpAPI."""

    def __init__(self, connection: SerpConnection):
        super().__init__()
        self.connection = connection

    @tool
    def search(
        self,
        query: str,
        location: str = None,
        safe: SafeMode = SafeMode.OFF,
        num: int = 10,
        engine: Engine = Engine.GOOGLE,
    ):
        """The reply of the service as it is."""
        import urllib.error
        import urllib.parse
        import urllib.request

        engine = getattr(engine, "value", engine)
        question = {"q": query, "location": location, "api_key": self.connection.api_key, "engine": engine}
        if engine == Engine.GOOGLE.value:
            question.update(num=num, safe=getattr(safe, "value", safe))
        else:
            question.update(count=num, safeSearch="Strict" if getattr(safe, "value", safe) == "active" else "Off")
        given = {key: value for key, value in question.items() if value is not None}
        try:
            with urllib.request.urlopen(URL + "?" + urllib.parse.urlencode(given), timeout=TIMEOUT_SECONDS) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            kind = SerpAPIUserError if error.code < 500 else SerpAPISystemError
            raise kind("SerpAPI answered %d: %s" % (error.code, error.reason)) from None
        except OSError as error:
            raise SerpAPISystemError("SerpAPI cannot be reached: %s" % error) from None


@tool
def search(connection: SerpConnection, query: str, **kwargs):
    return SerpAPI(connection).search(query=query, **kwargs)
