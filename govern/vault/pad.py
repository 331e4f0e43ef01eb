"""ISO/IEC 7816-4 padding to steps of 256 bytes: lengths tell little. Knows bytes only."""

from __future__ import annotations

from typing import Final

STEP: Final = 256


def pad(content: bytes) -> bytes:
    """content ‖ 0x80 ‖ zeros up to the next multiple of 256."""
    return content + b"\x80" + bytes(-(len(content) + 1) % STEP)


def unpad(padded: bytes) -> bytes | None:
    """The content, or None where the padding is not exactly the one that `pad` makes."""
    content = padded.rstrip(b"\0")
    if not content.endswith(b"\x80") or pad(content[:-1]) != padded:
        return None
    return content[:-1]
