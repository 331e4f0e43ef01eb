"""On a server: `..test_two_keyholders`."""

from __future__ import annotations

import pytest

from ..test_two_keyholders import *  # noqa: F403

pytestmark = pytest.mark.slow
