"""The recovery seed in k of n shares (SLIP-39), and the sheets of paper that carry them.

Knows words, sheets and the id of the recovery key; who holds a sheet and what recovery may do is the ledger's affair. A refusal names
sheets and the places of words, never a word: they are the secret.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from govern.errors import Malformed, Refused
from govern.vault.keys import SEED_BYTES, Keys
from govern.vault.secret import Secret, SecretBytes
from govern.vault.sheet import Sheet, parse_sheet, write_sheet

__all__ = ["Sheet", "combine", "combine_words", "make_sheets", "parse_sheet", "split", "write_sheet"]

MOST_SHARES: Final = 16
_MOST_WORDS: Final = 59
"""Words of a 512-bit secret, the largest of SLIP-39; ours have 33."""

_MOST_WORK: Final = 6
"""Iteration exponent: 640,000 rounds of PBKDF2, a second or two; ours have 1. A made-up sheet could ask for hours."""


def split(seed: SecretBytes, k: int, n: int) -> list[str]:
    """n mnemonics of 33 words, any k of which give the seed. One share of one is the only way with k = 1.

    Raises Refused for 1-of-many, k > n or n > 16. The shares' randomness is the operating system's, drawn by the library.
    """
    from shamir_mnemonic import generate_mnemonics

    if not (k == n == 1 or 2 <= k <= n <= MOST_SHARES):
        raise Refused(
            f"recovery by {k} of {n} sheets is not possible",
            rule="2 <= k <= n <= 16, or 1 of 1",
            code="recovery-split",
            hint="2-of-3 suits most",
        )
    if len(seed.reveal_bytes()) != SEED_BYTES:
        raise Malformed("a seed that is not 32 bytes long")
    return list(generate_mnemonics(1, [(k, n)], seed.reveal_bytes())[0])


def make_sheets(seed: SecretBytes, k: int, n: int, *, vault: bytes, organisation: str, random: Callable[[int], bytes]) -> list[Sheet]:
    """The n sheets of a new set for this seed; raises as `split` does."""
    key, set_id = Keys.from_seed(seed).id, random(8).hex()
    return [
        Sheet(words=Secret(words), vault=vault, organisation=organisation, set_id=set_id, index=i, count=n, threshold=k, key=key)
        for i, words in enumerate(split(seed, k, n), start=1)
    ]


def combine(sheets: Sequence[Sheet], *, vault: bytes, recovery_key_id: bytes) -> SecretBytes:
    """The recovery seed from k or more sheets of one set of this vault (id of 32 bytes), checked against the ledger's key id (16 bytes).

    Raises Refused, code `recovery-sheet`: another vault's sheet, sheets of different sets, a wrong word, too few, another key.
    """
    for number, sheet in enumerate(sheets, start=1):
        if sheet.vault is not None and sheet.vault != vault:
            raise _refused(f"sheet {number} belongs to another vault", "if only its heading was mistyped, give its words alone")
        if sheet.key is not None and sheet.key != recovery_key_id:
            raise _refused(f"sheet {number} belongs to a recovery key that is not in force", "look for the sheets of the newest set")
    if len({sheet.set_id for sheet in sheets if sheet.set_id is not None}) > 1:
        raise _refused("the sheets belong to different sets", "use sheets that show one and the same set")
    seed = combine_words([sheet.words for sheet in sheets])
    if len(seed.reveal_bytes()) != SEED_BYTES or Keys.from_seed(seed).id != recovery_key_id:
        raise _refused("together the sheets give another key than this vault's recovery key", "look for the sheets of the newest set")
    return seed


def combine_words(mnemonics: Sequence[Secret], *, passphrase: bytes = b"") -> SecretBytes:
    """The secret that SLIP-39 mnemonics carry; more sheets than needed of a single-group set are fine, groups are understood.

    Raises Refused (code `recovery-sheet`) where words are wrong, sets are mixed or there are too few.
    """
    from shamir_mnemonic import EncryptedMasterSecret, MnemonicError, Share, decode_mnemonics, recover_ems

    shares: dict[tuple[int, int], tuple[Share, str]] = {}
    for number, mnemonic in enumerate(mnemonics, start=1):
        words = _words(number, mnemonic)
        try:
            share = Share.from_mnemonic(words)
        except (MnemonicError, ValueError, IndexError):
            share = None
        if share is None:
            raise _refused(f"sheet {number}: a word is wrong, missing or out of place", "compare it with the paper, word by word")
        known = shares.setdefault((share.group_index, share.index), (share, words))
        if known[0] != share:
            raise _refused("the sheets belong to different sets", "use sheets that show one and the same set")
    if any(share.iteration_exponent > _MOST_WORK for share, _ in shares.values()):
        raise _refused("the sheets ask for more work than any of ours", "they may be another program's: look for sheets of govern")
    if not shares:
        raise _refused("no sheet was given", "give as many sheets as the heading of one says")
    given = [share for share, _ in shares.values()]
    if len({(*share.common_parameters(), share.member_threshold if share.group_count == 1 else 0) for share in given}) > 1:
        raise _refused("the sheets belong to different sets", "use sheets that show one and the same set")
    needed = given[0].member_threshold
    if given[0].group_count == 1 and len(given) < needed:
        raise _refused(f"{needed} different sheets are needed, {len(given)} given", "find the others: any sheets of the set will do")
    enough = list(shares.values())[:needed] if given[0].group_count == 1 else list(shares.values())
    try:
        sealed: EncryptedMasterSecret = recover_ems(decode_mnemonics([words for _, words in enough]))
        return SecretBytes(sealed.decrypt(passphrase))
    except (MnemonicError, ValueError, IndexError, StopIteration):
        pass
    raise _refused("the sheets do not fit together", "use sheets that show one and the same set, and as many as they ask for")


def _words(number: int, mnemonic: Secret) -> str:
    """The words in full; each may be given by its first four letters, which no two words of the list share."""
    given = mnemonic.reveal().lower().split()
    if len(given) > _MOST_WORDS:
        raise _refused(f"sheet {number} has {len(given)} words; ours have 33", "give one sheet at a time")
    full = _word_list()
    for place, word in enumerate(given, start=1):
        if word not in full:
            raise _refused(f"sheet {number}: word {place} is not a word of the list", "compare it with the paper")
    return " ".join(full[word] for word in given)


@cache
def _word_list() -> dict[str, str]:
    from shamir_mnemonic.wordlist import WORDLIST

    return {short: word for word in WORDLIST for short in (word, word[:4])}


def _refused(message: str, hint: str) -> Refused:
    return Refused(message, code="recovery-sheet", hint=hint)
