"""On a server: `..test_enrolment`."""

from __future__ import annotations

import pytest

from ..test_enrolment import *  # noqa: F403

pytestmark = pytest.mark.slow
