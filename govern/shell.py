"""Names as a shell takes them: what is printed to be pasted is one word, and turns neither the line nor the cursor."""

from __future__ import annotations

import shlex
from pathlib import PurePath


def quoted(name: object) -> str:
    """A file name or a handle as one word of a POSIX shell; with control characters, direction marks or stray bytes as bash's $'…'.

    A path that begins like an option is given its folder.
    """
    text = str(name)
    if isinstance(name, PurePath) and text.startswith("-"):
        text = f"./{text}"
    return shlex.quote(text) if text.isprintable() else f"$'{''.join(map(_spelled, text))}'"


def _spelled(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    if char.isprintable():
        return char
    stray = "\udc80" <= char <= "\udcff"  # a byte that is no UTF-8, as Python keeps it
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape" if stray else "surrogatepass"))
