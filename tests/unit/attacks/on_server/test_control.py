"""On a server: `..test_control`."""

from ..test_control import *  # noqa: F403
