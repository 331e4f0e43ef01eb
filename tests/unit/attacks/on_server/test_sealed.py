"""On a server: `..test_sealed`."""

from __future__ import annotations

import pytest

from ..test_sealed import *  # noqa: F403

pytestmark = pytest.mark.slow
