"""The original's tools as functions and classes, for flow code that calls them."""

from .aoai import AzureOpenAI
from .openai import OpenAI
from .serpapi import SerpAPI

__all__ = ["AzureOpenAI", "OpenAI", "SerpAPI"]
