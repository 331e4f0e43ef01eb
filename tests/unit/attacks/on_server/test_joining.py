"""On a server: `..test_joining`."""

from __future__ import annotations

import pytest

from ..test_joining import *  # noqa: F403

pytestmark = pytest.mark.slow
