"""On a server: `..test_epoch_wraps`."""

from __future__ import annotations

import pytest

from ..test_epoch_wraps import *  # noqa: F403

pytestmark = pytest.mark.slow
