"""On a server: `..test_services`."""

from __future__ import annotations

import pytest

from ..test_services import *  # noqa: F403

pytestmark = pytest.mark.slow
