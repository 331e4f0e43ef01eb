"""TOTP seeds in foreign notations: which texts are seeds, which are odd, and how to write one as an otpauth URI.

Knows notations only; computes no code. A seed is kept as it was found, and what is odd about it is said beside it.
Source of the URI: github.com/google/google-authenticator/wiki/Key-Uri-Format.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote

from govern.vault.secret import Secret

_BASE32 = re.compile(r"[A-Za-z2-7]+")
_FURTHER = re.compile(r"TOTP [0-9]{1,4}")


def bare(text: str) -> str:
    """A base32 seed without the blanks, hyphens and padding that people and programs put in."""
    return re.sub(r"[\s=-]", "", text)


def is_uri(text: str) -> bool:
    """Whether this is an otpauth URI, of whatever kind."""
    return text.lstrip().lower().startswith("otpauth://")


def is_further(name: str) -> bool:
    """Whether a custom field of this name is one in which `bitwarden_out` puts a second or later seed of a login."""
    return _FURTHER.fullmatch(name.strip()) is not None


def looks_like_seed(text: str) -> bool:
    """Whether a cell that people fill in by hand holds a seed, and not "SMS", "yes" or a name (80 bits are 16 digits)."""
    return is_uri(text) or text.lower().startswith("steam://") or (len(bare(text)) >= 16 and _BASE32.fullmatch(bare(text)) is not None)


def uri(seed: str, *, title: str, username: str, period: str = "30", digits: str = "6", algorithm: str = "SHA1") -> str:
    """An otpauth URI that says what the seed's own notation said."""
    label = ":".join(quote(part, safe="", errors="replace") for part in (title, username) if part)
    return f"otpauth://totp/{label}?secret={quote(bare(seed), safe='')}&period={period}&digits={digits}&algorithm={algorithm}"


def trouble(seed: Secret) -> str:
    """What is odd about a seed, empty if nothing; never a part of it."""
    text = seed.reveal().strip()
    lower = text.lower()
    if lower.startswith(("steam://", "otpauth://steam/")):
        return "a Steam seed: kept, but Steam codes are not standard TOTP"
    if lower.startswith("otpauth://hotp/"):
        return "a counter-based seed (HOTP): kept, but its codes don't follow the time"
    if lower.startswith("otpauth-migration:"):
        return "a batch of an authenticator, not one seed: kept as found"
    if is_uri(text):
        try:
            text = parse_qs(text.partition("?")[2], max_num_fields=32).get("secret", [""])[0]
        except ValueError:
            text = ""
    if not _BASE32.fullmatch(bare(text)) or len(bare(text)) % 8 in (1, 3, 6):
        return "the TOTP seed is not whole base32: kept as found"
    return ""
