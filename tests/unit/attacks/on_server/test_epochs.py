"""On a server: `..test_epochs`."""

from __future__ import annotations

import pytest

from ..test_epochs import *  # noqa: F403

pytestmark = pytest.mark.slow
