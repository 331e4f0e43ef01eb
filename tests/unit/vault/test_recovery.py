"""Any k sheets of one set give the recovery key back; fewer, mixed, foreign or mistyped ones are told apart and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed, Refused
from govern.languages import LOCALES, language
from govern.vault.keys import Keys
from govern.vault.recovery import Sheet, combine, combine_words, make_sheets, parse_sheet, split, write_sheet
from govern.vault.secret import Secret, SecretBytes

VAULT = bytes(range(32))
SEED = SecretBytes(b"recovery-seed-of-thirty-two-byte")
KEY = Keys.from_seed(SEED).id
Random = Callable[[int], bytes]


@pytest.fixture(scope="module")
def sheets() -> list[Sheet]:
    return make_sheets(SEED, 2, 3, vault=VAULT, organisation="Möwe & Söhne", random=lambda size: b"\x5e" * size)


@pytest.fixture(scope="module")
def newer(sheets: list[Sheet]) -> list[Sheet]:
    """Another set for the same seed and vault; SLIP-39 has 32,768 set numbers only, so one that happens to be alike is drawn again."""
    while True:
        found = make_sheets(SEED, 2, 3, vault=VAULT, organisation="Möwe & Söhne", random=lambda size: b"\x6e" * size)
        if words_of(found[0])[:2] != words_of(sheets[0])[:2]:
            return found


def words_of(sheet: Sheet) -> list[str]:
    return sheet.words.reveal().split()


def bare(sheet: Sheet) -> Sheet:
    return Sheet(words=sheet.words)


def test_every_vector_of_slip_39_passes_or_fails_as_it_should(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "slip39" / "vectors.json").read_text())
    results = {True: 0, False: 0}
    for description, mnemonics, expected, _ in vectors:
        given = [Secret(one) for one in mnemonics]
        results[bool(expected)] += 1
        if expected:
            assert combine_words(given, passphrase=b"TREZOR").reveal_bytes().hex() == expected, description
        else:
            with pytest.raises(Refused):
                combine_words(given, passphrase=b"TREZOR")
    assert results == {True: 6, False: 14}


def test_another_passphrase_gives_another_secret(shared: Path) -> None:
    """So a vector that succeeds shows that the passphrase was used."""
    (_, mnemonics, expected, _), *_ = json.loads((shared / "vectors" / "slip39" / "vectors.json").read_text())
    assert combine_words([Secret(one) for one in mnemonics]).reveal_bytes().hex() != expected


def test_any_k_sheets_in_any_order_recover(sheets: list[Sheet]) -> None:
    for chosen in [*permutations(sheets, 2), *combinations(sheets, 3)]:
        assert combine(chosen, vault=VAULT, recovery_key_id=KEY) == SEED


@pytest.mark.parametrize(("k", "n"), [(1, 1), (2, 2), (3, 5), (16, 16)])
def test_every_share_has_33_words(k: int, n: int) -> None:
    shares = split(SEED, k, n)
    assert [len(share.split()) for share in shares] == [33] * n
    assert combine_words([Secret(share) for share in shares[-k:]]) == SEED


@pytest.mark.parametrize(("k", "n"), [(0, 0), (1, 2), (1, 16), (3, 2), (2, 17), (17, 17), (-1, 3), (0, 3), (2, 1)])
def test_other_splits_are_refused(k: int, n: int) -> None:
    with pytest.raises(Refused) as caught:
        split(SEED, k, n)
    assert caught.value.code == "recovery-split"


def test_a_seed_of_another_length_is_not_split() -> None:
    with pytest.raises(Malformed):
        split(SecretBytes(b"x" * 16), 2, 3)


# --- refusals -----------------------------------------------------------------------------------------------------------------------


def refusal(sheets: list[Sheet], *, vault: bytes = VAULT, key: bytes = KEY) -> str:
    with pytest.raises(Refused) as caught:
        combine(sheets, vault=vault, recovery_key_id=key)
    error = caught.value
    assert error.code == "recovery-sheet"
    assert error.__cause__ is None
    assert error.__context__ is None
    for sheet in sheets:  # two neighbours, since a single word of the list may stand in any sentence
        words = words_of(sheet)
        assert not any(f"{one} {next_one}" in f"{error.message} {error.hint}" for one, next_one in pairwise(words))
    return error.message


def test_fewer_than_k_sheets_are_refused_with_the_number_needed(sheets: list[Sheet]) -> None:
    assert refusal(sheets[:1]) == "2 different sheets are needed, 1 given"
    assert refusal([sheets[0], sheets[0]]) == "2 different sheets are needed, 1 given"
    assert refusal([bare(sheets[0]), sheets[0]]) == "2 different sheets are needed, 1 given"
    assert refusal([]) == "no sheet was given"


def test_sheets_of_two_sets_are_refused_with_heading_and_without(sheets: list[Sheet], newer: list[Sheet]) -> None:
    assert refusal([sheets[0], newer[1]]) == "the sheets belong to different sets"
    assert refusal([bare(sheets[0]), bare(newer[1])]) == "the sheets belong to different sets"
    assert combine(newer[:2], vault=VAULT, recovery_key_id=KEY) == SEED


def test_attack_a_heading_copied_onto_another_set_does_not_help(sheets: list[Sheet], newer: list[Sheet]) -> None:
    assert refusal([sheets[0], replace(sheets[1], words=newer[1].words)]) == "the sheets belong to different sets"


def test_another_vaults_sheet_is_refused_by_its_number(sheets: list[Sheet]) -> None:
    other = make_sheets(SecretBytes(b"t" * 32), 2, 3, vault=b"w" * 32, organisation="O", random=lambda size: b"r" * size)
    assert refusal([sheets[0], other[1]]) == "sheet 2 belongs to another vault"
    assert refusal([bare(one) for one in other[:2]]) == "together the sheets give another key than this vault's recovery key"


def test_sheets_of_a_replaced_recovery_key_are_refused(sheets: list[Sheet]) -> None:
    assert refusal(sheets[:2], key=b"k" * 16) == "sheet 1 belongs to a recovery key that is not in force"
    assert "another key" in refusal([bare(one) for one in sheets[:2]], key=b"k" * 16)


def test_a_word_that_is_none_is_named_by_its_place_and_not_quoted(sheets: list[Sheet]) -> None:
    words = words_of(sheets[1])
    words[6] = "passw0rdlike"
    assert refusal([sheets[0], replace(sheets[1], words=Secret(" ".join(words)))]) == "sheet 2: word 7 is not a word of the list"


@pytest.mark.parametrize("fault", ["other word", "two swapped", "one missing", "one doubled", "one too many"])
def test_a_mistyped_sheet_is_refused_by_its_checksum(sheets: list[Sheet], fault: str) -> None:
    words = words_of(sheets[1])
    match fault:
        case "other word":
            words[20] = "academic" if words[20] != "academic" else "acid"
        case "two swapped":
            i = next(i for i in range(4, 30) if words[i] != words[i + 1])
            words[i], words[i + 1] = words[i + 1], words[i]
        case "one missing":
            del words[10]
        case "one doubled":
            words.insert(10, words[10])
        case "one too many":
            words.append("academic")
    assert refusal([sheets[0], replace(sheets[1], words=Secret(" ".join(words)))]).startswith("sheet 2: a word is wrong")


def test_a_text_of_many_words_is_refused(sheets: list[Sheet]) -> None:
    assert refusal([sheets[0], Sheet(words=Secret(" ".join(["academic"] * 5000)))]).startswith("sheet 2 has 5000 words")


def test_attack_a_sheet_that_asks_for_hours_of_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import shamir_mnemonic

    never = lambda *_: pytest.fail("worked for it")  # noqa: E731
    (made,) = shamir_mnemonic.generate_mnemonics(1, [(1, 1)], SEED.reveal_bytes(), iteration_exponent=0)
    share = replace(shamir_mnemonic.Share.from_mnemonic(made[0]), iteration_exponent=15)
    monkeypatch.setattr("shamir_mnemonic.shamir.cipher.decrypt", never)
    with pytest.raises(Refused, match="more work"):
        combine_words([Secret(share.mnemonic())])


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=300))
def test_no_text_whatever_raises_anything_else(text: str) -> None:
    with pytest.raises(GovernError):
        combine([parse_sheet(text)], vault=VAULT, recovery_key_id=KEY)
    with pytest.raises(GovernError):
        combine_words([Secret(text)])


# --- paper --------------------------------------------------------------------------------------------------------------------------


def test_a_printed_sheet_is_read_again(sheets: list[Sheet]) -> None:
    assert [parse_sheet(write_sheet(sheet)) for sheet in sheets] == sheets


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sheet_tells_what_to_do_with_it_in_its_keepers_language_and_is_read_again(locale: str, sheets: list[Sheet]) -> None:
    text = write_sheet(sheets[0], language(locale).say)
    assert parse_sheet(text) == sheets[0]
    assert max(map(len, text.splitlines())) <= 78
    assert ("What to do with this sheet" in text) is (locale == "en")
    assert "govern vault recover --sheet FILE" in " ".join(text.split())


def test_a_sheet_says_what_it_is_and_what_to_do_with_it(sheets: list[Sheet]) -> None:
    text = write_sheet(sheets[1])
    assert max(map(len, text.splitlines())) <= 78
    for part in ("Möwe & Söhne", "2 of 3, any 2 recover", "5e5e 5e5e 5e5e 5e5e", "00010203", "safe", "govern vault recover --sheet"):
        assert part in text
    assert all(f"{number:>4}  {word}" in text for number, word in enumerate(words_of(sheets[1]), start=1))


@pytest.mark.parametrize(
    "retype",
    [
        str.upper,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: " ".join(text.split()),
        lambda text: "\n\n".join(text.replace("  ", "\t ").splitlines()),
        lambda text: "scanned on Monday\n\n" + text + "\npage 1 of 1\n",
        lambda text: text.split("What to do")[0],
    ],
)
def test_white_space_case_and_surroundings_do_not_matter(sheets: list[Sheet], retype: Callable[[str], str]) -> None:
    read = [parse_sheet(retype(write_sheet(sheet))) for sheet in sheets]
    assert [(one.words, one.vault, one.set_id, one.index, one.key) for one in read] == [
        (one.words, one.vault, one.set_id, one.index, one.key) for one in sheets
    ]


def test_bare_words_numbered_shortened_or_not_are_a_sheet(sheets: list[Sheet]) -> None:
    plain = sheets[0].words.reveal()
    for text in (
        plain,
        plain.upper(),
        plain.replace(" ", "\n"),
        plain.replace(" ", ", "),
        "\n".join(f"{number}. {word}" for number, word in enumerate(plain.split(), start=1)),
        " ".join(word[:4] for word in plain.split()),
    ):
        assert combine([parse_sheet(text), sheets[1]], vault=VAULT, recovery_key_id=KEY) == SEED


def test_a_sheet_with_a_damaged_heading_asks_for_the_words_alone(sheets: list[Sheet]) -> None:
    text = write_sheet(sheets[0])
    for damaged in (text.replace("vault:", "valt:"), text.replace("00010203", "0001020"), text.replace("the words, in this order", "")):
        with pytest.raises(Malformed) as caught:
            parse_sheet(damaged)
        assert "words alone" in caught.value.hint


def test_words_numbered_with_a_gap_are_malformed(sheets: list[Sheet]) -> None:
    text = write_sheet(sheets[0])
    gap = text.replace(f"{7:>4}  {words_of(sheets[0])[6]}", "")
    assert gap != text
    with pytest.raises(Malformed, match="numbered"):
        parse_sheet(gap)


@pytest.mark.parametrize("text", ["", "   \n", "12 34 -- !!", "x" * 70_000, "GOVERN RECOVERY SHEET 1"])
def test_other_texts_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_sheet(text)


@settings(max_examples=40, deadline=None)
@given(organisation=st.text(max_size=80))
def test_no_name_of_an_organisation_breaks_its_sheets(organisation: str) -> None:
    words = Secret(" ".join(["academic"] * 33))
    sheet = Sheet(words=words, vault=VAULT, organisation=organisation, set_id="5e" * 8, index=1, count=3, threshold=2, key=KEY)
    text = write_sheet(sheet)
    read = parse_sheet(text)
    assert (read.words, read.vault, read.set_id, read.key) == (words, VAULT, "5e" * 8, KEY)
    assert "\x1b" not in text


@pytest.mark.parametrize("organisation", ["the words, in this order:", "vault: 00 set: 00", "GOVERN RECOVERY SHEET 1", "\x1b[31mred\nline"])
def test_a_name_that_imitates_a_sheet_changes_nothing(organisation: str, sheets: list[Sheet]) -> None:
    read = parse_sheet(write_sheet(replace(sheets[0], organisation=organisation)))
    assert (read.words, read.vault, read.set_id, read.key) == (sheets[0].words, VAULT, sheets[0].set_id, KEY)


def test_a_sheet_shows_its_words_nowhere_but_on_paper(sheets: list[Sheet]) -> None:
    assert words_of(sheets[0])[10] not in repr(sheets[0])
    assert "Secret(…)" in repr(sheets[0])
