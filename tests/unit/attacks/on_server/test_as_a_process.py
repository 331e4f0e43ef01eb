"""On a server: `..test_as_a_process`."""

from ..test_as_a_process import *  # noqa: F403
