"""One-time codes: reading the seeds that platforms and other programs hand out, and the codes they give (RFC 4226, RFC 6238).

Knows seeds and time as numbers; no clock. Codes are computed here: libraries refuse the 80-bit seeds that real platforms issue, which
are weak, but theirs to choose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, assert_never
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from govern.errors import Malformed, Refused
from govern.vault.secret import Secret

WEAK_BITS: Final = 128
"""A seed below this is weak (RFC 4226 section 4, R6: at least 128 bits; 160 recommended)."""

_MAX_CHARACTERS: Final = 8192
_STEAM: Final = "23456789BCDFGHJKMNPQRTVWXY"
_ONCE: Final = ("secret", "issuer", "algorithm", "digits", "period", "counter", "encoder")


class Kind(StrEnum):
    """How the moving number of a code is found, and how it is written."""

    TOTP = "totp"
    HOTP = "hotp"
    STEAM = "steam"


class Algorithm(StrEnum):
    """The hash under the HMAC; others are refused, never quietly replaced."""

    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


@dataclass(frozen=True, slots=True, kw_only=True)
class Otp:
    """A seed and how to use it. `secret`: base32, upper case, no padding; `period`: seconds; `counter`: of HOTP alone; `weak`: below
    128 bits."""

    secret: Secret
    digits: int = 6
    period: int = 30
    algorithm: Algorithm = Algorithm.SHA1
    issuer: str = ""
    name: str = ""
    weak: bool = False
    kind: Kind = Kind.TOTP
    counter: int = 0


def parse(value: str | Secret) -> Otp:
    """Read bare base32 (any case; spaces, dashes, padding or none), an `otpauth://` or a `steam://` URI.

    Raises Malformed for everything else; code `otp-algorithm`, `otp-type`, `otp-seed` or `otp-numbers` says what is wrong.
    """
    text = (value.reveal() if isinstance(value, Secret) else value).strip()
    if len(text) > _MAX_CHARACTERS:
        raise Malformed("a seed for codes that is far too long", code="otp-seed")
    scheme, colon, rest = text.partition("://")
    if not colon:
        return make(text)
    match scheme.lower():
        case "steam":
            return make(rest.rstrip("/"), kind=Kind.STEAM)
        case "otpauth":
            return _uri(text)
        case _:
            raise Malformed("neither a seed in base32 nor an otpauth:// address", code="otp-seed")


def make(
    secret: str | Secret,
    *,
    kind: Kind | str = Kind.TOTP,
    digits: int | None = None,
    period: int = 30,
    algorithm: str = "SHA1",
    issuer: str = "",
    name: str = "",
    counter: int = 0,
) -> Otp:
    """An Otp from its parts, checked; `secret` in base32. Raises Malformed as `parse` does."""
    try:
        kind = Kind(kind)
    except ValueError:
        raise Malformed("a kind of codes that is not totp, hotp or steam", code="otp-type") from None
    if kind is Kind.STEAM:
        digits = 5  # whatever the address says: there are no others
    elif digits is None:
        digits = 6
    if not (_whole(digits, 5 if kind is Kind.STEAM else 6, 10) and _whole(period, 1, 86_400) and _whole(counter, 0, 2**53 - 1)):
        raise Malformed("digits, period or counter of the codes are out of bounds", code="otp-numbers")
    seed = _normal(secret.reveal() if isinstance(secret, Secret) else secret)
    return Otp(
        secret=Secret(seed),
        digits=digits,
        period=period,
        algorithm=_algorithm(algorithm),
        issuer=issuer,
        name=name,
        weak=len(seed) * 5 // 8 * 8 < WEAK_BITS,
        kind=kind,
        counter=counter,
    )


def code(otp: Otp, at: int, *, counter: int | None = None) -> tuple[str, int]:
    """(code, seconds for which it is good) at Unix second `at`. Raises Refused for a counter-based seed unless its counter is given.

    A counter counts uses: two copies of it run apart, and the platform stops taking codes. Seconds are then 0.
    """
    if at < 0:
        raise Malformed("a time before 1970", code="otp-numbers")
    match otp.kind:
        case Kind.TOTP | Kind.STEAM:
            number, left = at // otp.period, otp.period - at % otp.period
        case Kind.HOTP:
            if counter is None:
                raise Refused(
                    "this seed counts its uses, so a shared copy falls out of step",
                    code="otp-counter",
                    hint="on the platform, change to time-based codes; to use it once, give the counter",
                )
            number, left = counter, 0
        case _:
            assert_never(otp.kind)
    value = _truncated(otp, number)
    if otp.kind is not Kind.STEAM:
        return str(value % 10**otp.digits).zfill(otp.digits), left
    letters = ""
    for _ in range(otp.digits):
        value, rest = divmod(value, len(_STEAM))
        letters += _STEAM[rest]
    return letters, left


def to_fields(otp: Otp) -> dict[str, Any]:
    """{"secret": …, "otp": {…}}: how a seed lies in the fields of a sealed version; `secret` stays masked until it is sealed."""
    about = {"kind": otp.kind.value, "digits": otp.digits, "period": otp.period, "algorithm": otp.algorithm.value}
    return {"secret": otp.secret, "otp": {**about, "issuer": otp.issuer, "name": otp.name, "counter": otp.counter}}


def from_fields(fields: Mapping[str, Any]) -> Otp:
    """The other way; without `otp`, the secret is read as `parse` reads it. Raises Malformed."""
    secret, about = fields.get("secret"), fields.get("otp")
    if not isinstance(secret, str | Secret):
        raise Malformed("a version without a seed for codes", code="otp-seed")
    if about is None:
        return parse(secret)
    known = {"kind", "digits", "period", "algorithm", "issuer", "name", "counter"}
    if not isinstance(about, Mapping) or not set(about) <= known or not all(isinstance(about.get(t, ""), str) for t in ("issuer", "name")):
        raise Malformed("a seed for codes whose settings can't be read", code="otp-seed")
    return make(secret, **about)


def uri(otp: Otp) -> Secret:
    """The `otpauth://` address that other programs and phones take (Key Uri Format); Steam's in the form that most of them read."""
    label = f"{quote(otp.issuer, safe='')}:{quote(otp.name, safe='@')}" if otp.issuer else quote(otp.name, safe="@")
    about = {"secret": otp.secret.reveal(), "algorithm": otp.algorithm.value, "digits": str(otp.digits), "period": str(otp.period)}
    if otp.issuer:
        about["issuer"] = otp.issuer
    if otp.kind is Kind.HOTP:
        about["counter"] = str(otp.counter)
    return Secret(f"otpauth://{otp.kind.value}/{label}?{urlencode(about, quote_via=quote)}")


def _truncated(otp: Otp, number: int) -> int:
    """RFC 4226 section 5.3: 31 bits of the HMAC over the moving number."""
    seed = otp.secret.reveal()
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    mac = hmac.digest(key, number.to_bytes(8, "big"), getattr(hashlib, otp.algorithm.value.lower()))
    offset = mac[-1] & 0xF
    return int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF


def _uri(text: str) -> Otp:
    found: dict[str, str] = {}
    try:
        parts = urlsplit(text)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=64)
        kind = (parts.hostname or "").lower()
    except ValueError:
        parts = None
    if parts is None:
        raise Malformed("an otpauth:// address that can't be read", code="otp-seed")
    for name, value in pairs:
        if name.lower() not in _ONCE:
            continue
        if name.lower() in found:
            raise Malformed(f"an otpauth:// address with two values for {name.lower()}", code="otp-seed")
        found[name.lower()] = value.strip()
    issuer, name = _label(parts.path.removeprefix("/"), found.get("issuer", ""))
    numbers = {name: _number(found[name]) for name in ("digits", "period", "counter") if found.get(name)}
    return make(
        found.get("secret", ""),
        kind=Kind.STEAM if found.get("encoder", "").lower() == "steam" else kind,
        algorithm=found.get("algorithm") or "SHA1",
        issuer=issuer,
        name=name,
        **numbers,
    )


def _label(label: str, issuer: str) -> tuple[str, str]:
    """(issuer, name). A plain colon parts them; an encoded one only behind the issuer itself, else it belongs to the name."""
    prefix, colon, rest = label.partition(":")
    if not colon:
        prefix, colon, rest = unquote(label).partition(":")
        if not issuer or prefix.strip() != issuer:
            return issuer, unquote(label).strip()
    return issuer or unquote(prefix).strip(), unquote(rest).strip()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise Malformed("digits, period or counter of the codes are no numbers", code="otp-numbers")
    return int(text)


def _whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _algorithm(name: str) -> Algorithm:
    plain = re.sub(r"[^A-Z0-9]", "", name.upper()).removeprefix("HMAC") if isinstance(name, str) else ""
    if plain not in set(Algorithm):
        raise Malformed("codes over a hash other than SHA1, SHA256 or SHA512", code="otp-algorithm")
    return Algorithm(plain)


def _normal(text: str) -> str:
    """Upper case without spaces, dashes and padding; refused unless it is base32 of whole bytes (RFC 4648 section 6)."""
    seed = re.sub(r"[\s-]", "", text).rstrip("=")
    if re.fullmatch(r"[A-Za-z2-7]+", seed) is None:
        raise Malformed("a seed for codes that is not base32", code="otp-seed")
    if len(seed) % 8 in (1, 3, 6):
        raise Malformed(f"a seed for codes of {len(seed)} characters, which base32 never has", code="otp-seed")
    return seed.upper()
