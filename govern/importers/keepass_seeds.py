"""Where KeePass, KeePassXC and their plug-ins keep TOTP seeds among an entry's strings, turned into otpauth URIs.

Knows the names and their settings: `otp` (KeePassXC; KeeOtp's `key=…&step=…`), `TOTP Seed` with `TOTP Settings` (KeePassXC before 2.5,
KeeTrayTOTP), `TimeOtp-…` (KeePass 2.47). Source: keepass.info/help/base/placeholders.html#otp.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from govern.importers import seeds

_SETTINGS = re.compile(r"([0-9]{1,5});([0-9]{1,2}|S)(;.*)?")
_ENCODINGS = ("Base32", "Hex", "Base64", "")
_ALGORITHMS = {"HMAC-SHA-1": "SHA1", "HMAC-SHA-256": "SHA256", "HMAC-SHA-512": "SHA512"}


def find(strings: Mapping[str, str]) -> tuple[list[str], frozenset[str], list[str]]:
    """The seeds, the names of the strings that they were made of, and remarks on what could not be taken."""
    title, username = strings.get("Title", ""), strings.get("UserName", "")
    found: list[str] = []
    used: set[str] = set()
    remarks: list[str] = []
    if value := strings.get("otp", ""):
        used.add("otp")
        found.append(_otp(value, title, username))
    if seed := strings.get("TOTP Seed", ""):
        used |= {"TOTP Seed", "TOTP Settings"}
        settings = strings.get("TOTP Settings", "")
        match = _SETTINGS.fullmatch(settings)
        if match is None and settings:
            remarks.append("its TOTP settings can't be read: 30 seconds and 6 digits are assumed")
        if match is not None and match[2] == "S":
            found.append(f"steam://{seeds.bare(seed)}")
        else:
            period, digits = (match[1], match[2]) if match is not None else ("30", "6")
            found.append(seeds.uri(seed, title=title, username=username, period=period, digits=digits))
    for encoding in _ENCODINGS:
        name = f"TimeOtp-Secret-{encoding}" if encoding else "TimeOtp-Secret"
        if value := strings.get(name, ""):
            used |= {name, "TimeOtp-Period", "TimeOtp-Length", "TimeOtp-Algorithm"}
            if (written := _base32(value, encoding)) is None:
                remarks.append("its TOTP seed is not of the encoding it claims: left out")
                continue
            found.append(
                seeds.uri(
                    written,
                    title=title,
                    username=username,
                    period=_number(strings.get("TimeOtp-Period", ""), "30"),
                    digits=_number(strings.get("TimeOtp-Length", ""), "6"),
                    algorithm=_ALGORITHMS.get(strings.get("TimeOtp-Algorithm", ""), "SHA1"),
                )
            )
    if any(name.startswith("HmacOtp-Secret") for name in strings):
        remarks.append("a counter-based seed (HOTP) was left out")
    return found, frozenset(used), remarks


def _otp(value: str, title: str, username: str) -> str:
    """KeePassXC writes an otpauth URI, KeeOtp a query string."""
    if not value.startswith("key="):
        return value
    try:
        query = parse_qs(value, max_num_fields=32)
    except ValueError:
        return value
    return seeds.uri(
        query.get("key", [""])[0],
        title=title,
        username=username,
        period=_number(query.get("step", [""])[0], "30"),
        digits=_number(query.get("size", [""])[0], "6"),
        algorithm=query.get("otpHashMode", ["SHA1"])[0].upper() if query.get("otpHashMode", [""])[0].isalnum() else "SHA1",
    )


def _base32(value: str, encoding: str) -> str | None:
    try:
        match encoding:
            case "Base32":
                return value
            case "Hex":
                raw = bytes.fromhex(value)
            case "Base64":
                raw = base64.b64decode(value, validate=True)
            case _:
                raw = value.encode()
    except (ValueError, binascii.Error):
        return None
    return base64.b32encode(raw).decode().rstrip("=")


def _number(value: str, otherwise: str) -> str:
    return value if re.fullmatch(r"[0-9]{1,5}", value) else otherwise
