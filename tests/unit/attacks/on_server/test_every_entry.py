"""On a server: `..test_every_entry`."""

from __future__ import annotations

import pytest

from ..test_every_entry import *  # noqa: F403

pytestmark = pytest.mark.slow
