"""A text as a QR code made of characters, for a phone's camera. Needs the extra `qr`."""

from __future__ import annotations

import sys

from govern.errors import Malformed, Usage
from govern.vault.secret import Secret

_QUIET = 2
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def check_there() -> None:
    """Raise Usage where the extra is not installed."""
    try:
        import segno  # noqa: F401
    except ImportError:
        raise Usage("--qr needs the extra qr", hint="in the folder of its source: pip install '.[qr]', or --stdout") from None


def drawn(secret: Secret) -> list[str]:
    """Lines of half-high blocks, dark on light, with a quiet zone. Raises Malformed for what is too long to be scanned."""
    import segno

    try:
        modules = [[bool(cell) for cell in row] for row in segno.make_qr(secret.reveal(), error="l").matrix_iter(border=_QUIET)]
    except ValueError:
        modules = []
    if not modules:
        raise Malformed("a secret that is too long for a QR code")
    if len(modules) % 2:
        modules.append([False] * len(modules[0]))
    # On a dark terminal plain blocks would be a negative, which many cameras refuse: there the colours are set.
    start, end = ("\x1b[30;47m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    return [
        start + "".join(_BLOCKS[upper, lower] for upper, lower in zip(*pair, strict=True)) + end
        for pair in zip(modules[::2], modules[1::2], strict=True)
    ]
