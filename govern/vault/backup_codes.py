"""The single codes of a sealed set of backup codes: look-up secrets, each good for one login (NIST SP 800-63B 3.1.2).

A set is kept as it was typed or imported; its codes are counted from 1 in the order in which they stand, and that order never changes,
since a sealed version never does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from govern.errors import Malformed
from govern.vault.secret import Secret

_NUMBERED = re.compile(r"[0-9]{1,2}[.):]\s+").match


def codes(fields: Mapping[str, Any]) -> list[Secret]:
    """The codes of a version's fields, in order. Lines, commas and semicolons part them, and numbers in front (`1. `) are left out.

    Blanks part them only where all stand on one line and are alike in length: platforms write one code in two blocks, as `1234 5678`.
    Raises Malformed for a version without any.
    """
    secret = fields.get("secret")
    text = "\n".join(map(str, secret)) if isinstance(secret, list) else secret if isinstance(secret, str) else ""
    lines = [line for part in re.split(r"[\r\n,;]+", text) if (line := part.strip())]
    words = text.split()
    if len(lines) == 1 and len(words) > 2 and len({len(word) for word in words}) == 1:
        lines = words
    found = [line[match.end() :].strip() if (match := _NUMBERED(line)) else line for line in lines]
    if not any(found):
        raise Malformed("sealed backup codes without a code in them")
    return [Secret(code) for code in found if code]
