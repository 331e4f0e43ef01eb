"""Which characters the bytes of a text file mean: byte-order marks, UTF-8, and Windows-1252 where it can't be UTF-8.

Knows encodings only. A byte that has no meaning becomes `MARK`, a lone surrogate: it costs the record it stands in, never the file, and
is never replaced in silence, since a replaced character in a password is a wrong password.
"""

from __future__ import annotations

import codecs
import re

MARK = "\udcff"
WINDOWS = "read as Windows-1252: look at letters with accents, in passwords too"
_HANDLER = "govern.mark"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GENUINE = re.compile(f"[^\x00-\x7f{MARK}]")


def _mark(trouble: UnicodeError) -> tuple[str, int]:
    if isinstance(trouble, UnicodeDecodeError):
        return MARK, trouble.end
    raise trouble


codecs.register_error(_HANDLER, _mark)


def decode(data: bytes, *, fall_back: bool = True) -> tuple[str, tuple[str, ...]]:
    """The text and what to warn of. Windows-1252 only where not a single sequence beyond ASCII is UTF-8: else it is damaged UTF-8."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, _HANDLER), ()
    text = data.decode("utf-8", _HANDLER)
    if fall_back and MARK in text and not _GENUINE.search(text):
        return data.decode("cp1252", _HANDLER), (WINDOWS,)
    return text, ()
