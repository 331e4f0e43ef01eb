"""On a server: `..test_enrolment_rules`."""

from __future__ import annotations

import pytest

from ..test_enrolment_rules import *  # noqa: F403

pytestmark = pytest.mark.slow
