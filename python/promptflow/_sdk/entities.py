"""Where code written for the original also finds connections."""

from ..connections import *  # noqa: F401,F403
