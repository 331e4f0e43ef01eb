"""What the workers of a load test work on."""

from __future__ import annotations

SHOPS = ("shop0", "shop1", "shop2")
"""Accounts that every worker holds."""
SCARCE = ("scarce0", "scarce1")
"""Accounts that hardly anybody may hold."""
PLAIN = tuple(f"p{n}" for n in range(8))
"""People without keys who are granted these."""
