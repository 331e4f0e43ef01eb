"""An invite, as one line that is handed over outside of the database, and the request that answers it. Knows bytes, keys and their proofs.

The line carries what a machine without keys has to trust: the vault, a checkpoint, the inviter's keys, and a token of 128 bits that serves
once. The request is posted where anybody may read and change it; it shows that its sender has the invite (HMAC-SHA-256 under the token,
RFC 2104), the signing key (a signature) and the sealing key (a secret agreed with the inviter's, RFC 7748).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any, Final

from govern.canonical import canonical, decode
from govern.errors import GovernError, Malformed, Refused
from govern.vault.keys import Keys, check_possession, key_id, prove_possession
from govern.vault.secret import Secret, SecretBytes

PREFIX: Final = "govern-invite-1."
TOKEN_BYTES: Final = 16
MAX_REQUEST: Final = 4096

_TOKEN: Final = b"govern/invite-token/v1\0"
_REQUEST: Final = b"govern/enrolment/v1\0"
_PURPOSES: Final = ("join", "device", "rekey")
_FIXED: Final = 32 + 16 + 16 + TOKEN_BYTES + 32 + 32 + 1 + 20
_SUM: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """`vault`: 32 bytes; `id`, `person`: 16; `sign`, `seal`: the inviter's public keys; `expires`: UTC time; `checkpoint`: signed note."""

    vault: bytes
    id: bytes
    person: bytes
    token: SecretBytes
    sign: bytes
    seal: bytes
    purpose: str
    expires: str
    checkpoint: bytes

    @property
    def inviter(self) -> bytes:
        """Key id of the inviter."""
        return key_id(self.sign, self.seal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The keys that somebody asks to be enrolled with, all proofs checked."""

    sign: bytes
    seal: bytes
    custody: str

    @property
    def key(self) -> bytes:
        return key_id(self.sign, self.seal)


def token_digest(token: SecretBytes) -> bytes:
    """What the ledger holds of a token: SHA-256 of label and token, 32 bytes."""
    return hashlib.sha256(_TOKEN + token.reveal_bytes()).digest()


def write_invite(invite: Invite) -> Secret:
    """The line: `govern-invite-1.` and base64url of fields of fixed length, the checkpoint, and four bytes of SHA-256 against slips."""
    data = b"".join(
        (
            invite.vault, invite.id, invite.person, invite.token.reveal_bytes(), invite.sign, invite.seal,
            bytes([_PURPOSES.index(invite.purpose)]), invite.expires.encode("ascii"), invite.checkpoint,
        )
    )  # fmt: skip
    return Secret(PREFIX + base64.urlsafe_b64encode(data + hashlib.sha256(data).digest()[:_SUM]).decode("ascii").rstrip("="))


def read_invite(text: str) -> Invite:
    """The invite of such a line, line breaks and spaces within it ignored; Malformed for anything else. Nothing in it is verified yet."""
    line = "".join(text.split())
    if not line.startswith(PREFIX):
        raise Malformed(f"an invite begins with {PREFIX}", hint="copy all of the line that the inviter was shown")
    body = line.removeprefix(PREFIX)
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        data = b""
    data, check = data[:-_SUM], data[-_SUM:]
    if len(data) <= _FIXED or len(data) > MAX_REQUEST or hashlib.sha256(data).digest()[:_SUM] != check:
        raise Malformed("the invite is incomplete or mistyped", hint="copy all of the line that the inviter was shown")
    parts, at = [], 0
    for width in (32, 16, 16, TOKEN_BYTES, 32, 32, 1, 20):
        parts.append(data[at : at + width])
        at += width
    vault, id_, person, token, sign, seal, purpose, expires = parts
    if purpose[0] >= len(_PURPOSES) or not re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", expires):
        raise Malformed("this invite is of a kind that this program does not know", hint="upgrade govern")
    return Invite(
        vault=vault, id=id_, person=person, token=SecretBytes(token), sign=sign, seal=seal, purpose=_PURPOSES[purpose[0]],
        expires=expires.decode("ascii"), checkpoint=data[at:],
    )  # fmt: skip


def make_request(keys: Keys, invite: Invite, root: bytes, custody: str) -> bytes:
    """What the joiner posts: canonical JSON. `root`: of the invite's checkpoint, as the joiner computed it from the store's rows."""
    bound = _bound(invite, root)
    fields = {
        "v": 1, "custody": custody, "sign": keys.sign_public.hex(), "seal": keys.seal_public.hex(),
        "proof": prove_possession(keys, bound).hex(),
        "answer": keys.agree(invite.seal, bound + keys.sign_public + keys.seal_public + invite.sign).hex(),
    }  # fmt: skip
    return canonical(fields | {"mac": _mac(invite, bound, fields).hex()})


def check_request(data: bytes, invite: Invite, root: bytes, inviter: Keys) -> Request:
    """The keys of a request whose proofs all hold. Raises Refused: rule `enrolment-request` where it was not made with this invite for this
    history, or was changed; codes `possession` and `weak-key` where its sender lacks the keys or they are weak."""
    fields = _fields(data)
    bound = _bound(invite, root)
    given = {name: value for name, value in fields.items() if name != "mac"}
    if not hmac.compare_digest(_mac(invite, bound, given), _hex(fields["mac"], 32)):
        raise _refused("the request was not made with this invite, or was changed on its way")
    sign, seal = _hex(fields["sign"], 32), _hex(fields["seal"], 32)
    check_possession(sign, seal, bound, _hex(fields["proof"], 64))
    if not hmac.compare_digest(inviter.agree(seal, bound + sign + seal + inviter.sign_public), _hex(fields["answer"], 32)):
        raise Refused(
            "the answer does not show that the sender holds the sealing key", code="possession", rule="possession", control="IA-5 a"
        )
    return Request(sign=sign, seal=seal, custody=fields["custody"])


def _bound(invite: Invite, root: bytes) -> bytes:
    return invite.vault + root + invite.id


def _mac(invite: Invite, bound: bytes, fields: dict[str, Any]) -> bytes:
    return hmac.digest(invite.token.reveal_bytes(), _REQUEST + bound + canonical(fields), "sha256")


def is_answer(data: bytes, invite: Invite, root: bytes) -> bool:
    """Whether whoever posted this had the invite's line, and nobody has changed it since: shape and HMAC, without any key. The rest is
    `check_request`'s."""
    try:
        fields = _fields(data)
        given = {name: value for name, value in fields.items() if name != "mac"}
        return hmac.compare_digest(_mac(invite, _bound(invite, root), given), _hex(fields["mac"], 32))
    except Refused:
        return False


def _fields(data: bytes) -> dict[str, Any]:
    try:
        value = decode(data) if len(data) <= MAX_REQUEST else None
    except GovernError:
        value = None
    names = {"v", "custody", "sign", "seal", "proof", "answer", "mac"}
    if not isinstance(value, dict) or set(value) != names or type(value["v"]) is not int or value["v"] != 1:
        raise _refused("what was posted is no request for an enrolment")
    if any(not isinstance(value[name], str) for name in names - {"v"}) or value["custody"] not in ("keyfile", "passphrase", "keyring"):
        raise _refused("what was posted is no request for an enrolment")
    return value


def _hex(text: str, length: int) -> bytes:
    if not re.fullmatch(rf"[0-9a-f]{{{2 * length}}}", text):
        raise _refused("what was posted is no request for an enrolment")
    return bytes.fromhex(text)


def _refused(message: str) -> Refused:
    return Refused(
        message, rule="enrolment-request", control="IA-5 a", hint="withdraw the invite and hand over a new one: somebody may be in between"
    )
