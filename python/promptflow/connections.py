"""Connections as flow code sees them: names and secrets as attributes."""

from .contracts.types import Secret


class Connection:
    """Fields are attributes; `configs` holds what may be shown and `secrets` what may not."""

    TYPE = "Connection"
    SECRETS = ("api_key",)
    DEFAULTS = {}

    def __init__(self, name=None, configs=None, secrets=None, **fields):
        values = {**self.DEFAULTS, **fields}
        self.__dict__["name"] = name
        self.__dict__["configs"] = {
            **{key: value for key, value in values.items() if key not in self.SECRETS},
            **(configs or {}),
        }
        self.__dict__["secrets"] = {
            **{key: value for key, value in values.items() if key in self.SECRETS},
            **(secrets or {}),
        }

    @property
    def type(self):
        return self.TYPE

    def __getattr__(self, name):
        for values in (self.__dict__.get("configs", {}), self.__dict__.get("secrets", {})):
            if name in values:
                return values[name]
        raise AttributeError("%r object has no attribute %r" % (type(self).__name__, name))

    def __setattr__(self, name, value):
        if name in self.SECRETS or name in self.secrets:
            self.secrets[name] = value
        elif name in self.__dict__:
            self.__dict__[name] = value
        else:
            self.configs[name] = value

    def keys(self):
        return list(self.configs) + list(self.secrets)

    def values(self):
        return [self[key] for key in self.keys()]

    def items(self):
        return [(key, self[key]) for key in self.keys()]

    def __getitem__(self, key):
        return self.secrets[key] if key in self.secrets else self.configs[key]

    def __contains__(self, key):
        return key in self.configs or key in self.secrets

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.configs) + len(self.secrets)

    def get(self, key, default=None):
        return self[key] if key in self else default

    def _to_dict(self):
        """For display: secrets are not in it."""
        hidden = {key: "******" for key in self.secrets}
        return {"name": self.name, "type": self.TYPE, **self.configs, **hidden}

    def is_secret(self, item):
        return item in self.secrets

    def __repr__(self):
        return "<%s %r>" % (type(self).__name__, self.name)


def _define(name, defaults, required=None):
    """A class whose first positional parameter is what the original has first."""
    order = [key for key in (required, "api_key") if key]

    def __init__(self, *args, name=None, configs=None, secrets=None, **fields):
        Connection.__init__(self, name, configs, secrets, **dict(zip(order, args)), **fields)

    return type(name, (Connection,), {"TYPE": name, "DEFAULTS": defaults, "__init__": __init__})


AzureOpenAIConnection = _define(
    "AzureOpenAIConnection",
    {
        "api_key": None,
        "api_base": None,
        "api_type": "azure",
        "api_version": "2024-02-01",
        "auth_mode": "key",
        "resource_id": None,
    },
    "api_base",
)
OpenAIConnection = _define("OpenAIConnection", {"api_key": None, "organization": None, "base_url": None})
ServerlessConnection = _define("ServerlessConnection", {"api_key": None, "api_base": None})
SerpConnection = _define("SerpConnection", {"api_key": None})
CognitiveSearchConnection = _define(
    "CognitiveSearchConnection",
    {
        "api_key": None,
        "api_base": None,
        "api_type": "cognitive_search",
        "api_version": "2023-07-01-Preview",
        "auth_mode": "key",
    },
    "api_base",
)
AzureAIServicesConnection = _define(
    "AzureAIServicesConnection", {"api_key": None, "endpoint": None, "auth_mode": "key"}, "endpoint"
)
AzureContentSafetyConnection = _define(
    "AzureContentSafetyConnection",
    {"api_key": None, "endpoint": None, "api_version": "2023-10-01", "api_type": "Content Safety"},
)
FormRecognizerConnection = _define(
    "FormRecognizerConnection",
    {"api_key": None, "endpoint": None, "api_version": "2023-07-31", "api_type": "Form Recognizer"},
)
QdrantConnection = _define("QdrantConnection", {"api_key": None, "api_base": None})
WeaviateConnection = _define("WeaviateConnection", {"api_key": None, "api_base": None})


class CustomConnection(Connection):
    TYPE = "CustomConnection"
    SECRETS = ()

    def __init__(self, secrets=None, configs=None, name=None, **fields):
        super().__init__(name, {**(configs or {}), **fields}, secrets)


class CustomStrongTypeConnection(CustomConnection):
    """Base of a tool author's own connection classes: annotations name the fields, `Secret` the secret ones."""

    TYPE = "CustomConnection"

    def __init__(self, secrets=None, configs=None, name=None, **fields):
        super().__init__(secrets, configs, name, **fields)

    def __getattribute__(self, item):
        # A class attribute is only the field's default; the connection's own value wins.
        own = object.__getattribute__(self, "__dict__")
        for values in (own.get("configs") or {}, own.get("secrets") or {}):
            if item in values:
                return values[item]
        return object.__getattribute__(self, item)


def from_message(given, module):
    """The connection that the engine sends for a parameter."""
    kind = globals().get(given["type"], CustomConnection)
    custom = given.get("custom_type")
    if custom and module is not None:
        kind = getattr(module, custom, None) or _imported(module, custom) or CustomConnection
    secrets = {name: Secret(value) for name, value in given["secrets"].items()}
    connection = kind(configs=given["configs"], secrets=secrets, name=given["name"])
    connection.__dict__["from_engine"] = True
    return connection


def _imported(module, name):
    return next((value for value in vars(module).values() if isinstance(value, type) and value.__name__ == name), None)
