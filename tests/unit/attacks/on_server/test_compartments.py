"""On a server: `..test_compartments`."""

from __future__ import annotations

import pytest

from ..test_compartments import *  # noqa: F403

pytestmark = pytest.mark.slow
