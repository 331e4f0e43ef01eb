"""When somebody may be granted an account. Pure: values in, values or Refused out."""

from __future__ import annotations


def founding(*, actor: str, custodian: str, holders: int, leaving: bool) -> bool:
    """Whether the actor becomes the account's first holder: they answer for it, nobody holds it yet (`holders`), and they stay.

    The one grant that is to oneself (NIST SP 800-53 AC-5 asks for two people: here nobody else knows the secret yet). It has no end of
    its own: it lasts as long as they answer for the account, or until it is revoked.
    """
    return actor == custodian and holders == 0 and not leaving
