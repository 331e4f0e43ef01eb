"""On a server: `..test_every_command`."""

from __future__ import annotations

import pytest

from ..test_every_command import *  # noqa: F403

pytestmark = pytest.mark.slow
