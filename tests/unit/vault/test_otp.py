"""Seeds are read as platforms write them, codes are the standard's, and what isn't understood is refused, never guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pyotp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.errors import GovernError, Malformed, Refused
from govern.vault.otp import Algorithm, Kind, Otp, code, from_fields, make, parse, to_fields, uri
from govern.vault.secret import Secret

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def blocks(name: str) -> Iterator[dict[str, str]]:
    """The numbered blocks of a vector file of RFC 4226 or RFC 6238."""
    path = Path(cryptography_vectors.__file__).parent / "twofactor" / name
    for block in path.read_text().split("COUNT = ")[1:]:
        yield dict(line.split(" = ") for line in f"COUNT = {block}".splitlines() if " = " in line)


def base32(ascii_seed: str) -> str:
    import base64

    return base64.b32encode(ascii_seed.encode()).decode()


def test_the_codes_of_rfc_6238() -> None:
    results = [
        code(make(base32(one["SECRET"]), digits=8, algorithm=one["MODE"]), int(one["TIME"]))[0] == one["TOTP"]
        for one in blocks("rfc-6238.txt")
    ]
    assert results == [True] * 18


def test_the_codes_of_rfc_4226() -> None:
    vectors = list(blocks("rfc-4226.txt"))
    assert len(vectors) == 10
    for one in vectors:
        otp = make(base32(one["SECRET"]), kind="hotp")
        assert code(otp, 0, counter=int(one["COUNTER"]))[0] == one["HOTP"]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.binary(min_size=16, max_size=40),
    at=st.integers(0, 2**40),
    digits=st.integers(6, 8),
    period=st.sampled_from([15, 30, 60]),
    algorithm=st.sampled_from(Algorithm),
)
def test_any_seed_gives_the_codes_that_another_program_gives(seed: bytes, at: int, digits: int, period: int, algorithm: Algorithm) -> None:
    import base64
    import hashlib

    text = base64.b32encode(seed).decode()
    other = pyotp.TOTP(text, digits=digits, interval=period, digest=getattr(hashlib, algorithm.lower()))
    number = at // period
    expected = other.generate_otp(number)
    assert code(make(text, digits=digits, period=period, algorithm=algorithm), at)[0] == expected
    assert code(make(text, kind="steam"), at)[0] == pyotp.contrib.Steam(text).generate_otp(at // 30)


def test_the_seconds_left_count_down_to_the_next_code() -> None:
    otp = make(SEED)
    assert [code(otp, at)[1] for at in (0, 1, 29, 30, 59)] == [30, 29, 1, 30, 1]
    assert code(otp, 29)[0] != code(otp, 30)[0]
    assert code(otp, 0)[0] == code(otp, 29)[0]


def test_a_counter_based_seed_gives_no_code_unless_its_counter_is_named() -> None:
    otp = parse(f"otpauth://hotp/x?secret={SEED}&counter=4")
    assert (otp.kind, otp.counter) == (Kind.HOTP, 4)
    with pytest.raises(Refused):
        code(otp, 0)
    assert code(otp, 0, counter=4) == (pyotp.HOTP(SEED).at(4), 0)


# --- reading ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        SEED,
        SEED.lower(),
        " ".join(SEED[i : i + 4] for i in range(0, 32, 4)),
        "-".join(SEED[i : i + 4].lower() for i in range(0, 32, 4)),
        f"\n{SEED}\t",
        f"{SEED}======",
        f"otpauth://totp/a?secret={SEED}",
        f"OTPAUTH://TOTP/a?SECRET={SEED.lower()}",
        f"otpauth://totp/?secret={SEED[:16]}%20{SEED[16:]}%3D%3D",
    ],
)
def test_the_same_seed_in_every_spelling(text: str) -> None:
    otp = parse(Secret(text))
    assert otp.secret == Secret(SEED)
    assert (otp.kind, otp.digits, otp.period, otp.algorithm, otp.weak) == (Kind.TOTP, 6, 30, Algorithm.SHA1, False)


@pytest.mark.parametrize("size", [2, 4, 5, 7, 8, 10, 12, 13, 15, 16, 24, 26, 32, 52])
def test_missing_padding_is_made_up_for_at_every_length_that_base32_has(size: int) -> None:
    otp = parse(SEED.ljust(64, "A")[:size])
    assert len(code(otp, 0)[0]) == 6


@pytest.mark.parametrize("size", [1, 3, 6, 9, 11, 14, 17, 19])
def test_a_length_that_base32_never_has_is_malformed(size: int) -> None:
    with pytest.raises(Malformed) as caught:
        parse(SEED[:size])
    assert caught.value.code == "otp-seed"
    assert SEED[:size] not in caught.value.message or size == 1


def test_a_seed_of_80_bits_is_taken_and_called_weak() -> None:
    """What large platforms hand out; one library refuses it since 2026."""
    otp = parse("JBSWY3DPEHPK3PXP")
    assert otp.weak
    assert code(otp, 59)[0] == pyotp.TOTP("JBSWY3DPEHPK3PXP").at(59)
    assert parse("MYSECRET").weak
    assert not parse("A" * 26).weak


@pytest.mark.parametrize(
    ("text", "issuer", "name"),
    [
        ("otpauth://totp/Kick:some%40example.com?secret={}&issuer=Kick", "Kick", "some@example.com"),
        ("otpauth://totp/Kick%3Asome%40example.com?secret={}&issuer=Kick", "Kick", "some@example.com"),
        ("otpauth://totp/Kick:%20some?secret={}", "Kick", "some"),
        ("otpauth://totp/demo%3A%20%C3%A4%3F?secret={}", "", "demo: ä?"),
        ("otpauth://totp/?secret={}&issuer=Code%202%20", "Code 2", ""),
        ("otpauth://totp?secret={}", "", ""),
        ("otpauth://totp/a%ff?secret={}", "", "a\ufffd"),
        ("otpauth://totp/A+B?secret={}&issuer=A+B", "A B", "A+B"),
    ],
)
def test_issuer_and_name_are_found_as_they_are_written(text: str, issuer: str, name: str) -> None:
    otp = parse(text.format(SEED))
    assert (otp.issuer, otp.name) == (issuer, name)


def test_the_parts_of_an_address_are_taken_over() -> None:
    otp = parse(f"otpauth://totp/x?secret={SEED}&digits=8&period=15&algorithm=SHA256&image=https://example.com/x.png")
    assert (otp.digits, otp.period, otp.algorithm) == (8, 15, Algorithm.SHA256)


@pytest.mark.parametrize("name", ["SHA1", "sha1", "SHA-1", "HmacSHA1", "HMAC-SHA-1"])
def test_the_hash_may_be_spelled_as_programs_do(name: str) -> None:
    assert make(SEED, algorithm=name).algorithm is Algorithm.SHA1


@pytest.mark.parametrize("name", ["SHA384", "SHA224", "SHA3-256", "MD5", "none", "SHA", "1"])
def test_a_hash_we_do_not_have_is_refused_never_replaced(name: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(f"otpauth://totp/x?secret={SEED}&algorithm={name}")
    assert caught.value.code == "otp-algorithm"


@pytest.mark.parametrize(
    "text",
    [
        f"steam://{SEED}",
        f"otpauth://steam/Steam%3ASteam?secret={SEED}&issuer=Steam&digits=5",
        f"otpauth://totp/Steam:x?secret={SEED}&issuer=Steam&encoder=steam&digits=5",
    ],
)
def test_steam_seeds_give_five_letters(text: str) -> None:
    otp = parse(text)
    assert otp.kind is Kind.STEAM
    assert code(otp, 59)[0] == pyotp.contrib.Steam(SEED).at(59)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "otp-seed"),
        ("   ", "otp-seed"),
        ("====", "otp-seed"),
        ("JBSWY3DPEHPK3PX0", "otp-seed"),
        ("JBSWY3DPEHPK3PXß", "otp-seed"),
        ("ＪＢＳＷＹ３ＤＰ", "otp-seed"),
        ("https://example.com/?secret=" + SEED, "otp-seed"),
        ("otpauth-migration://offline?data=CjEK", "otp-seed"),
        ("otpauth://totp/x", "otp-seed"),
        ("otpauth://totp/x?secret=", "otp-seed"),
        (f"otpauth://totp/x?secret={SEED}&secret={SEED}", "otp-seed"),
        (f"otpauth://[totp/x?secret={SEED}", "otp-seed"),
        ("otpauth://totp/x?" + "&".join(f"a{i}=1" for i in range(99)) + f"&secret={SEED}", "otp-seed"),
        ("A" * 9000, "otp-seed"),
        (f"otpauth://yaotp/x?secret={SEED}", "otp-type"),
        (f"otpauth:///x?secret={SEED}", "otp-type"),
        (f"otpauth://totp/x?secret={SEED}&digits=0", "otp-numbers"),
        (f"otpauth://totp/x?secret={SEED}&digits=11", "otp-numbers"),
        (f"otpauth://totp/x?secret={SEED}&digits=six", "otp-numbers"),
        (f"otpauth://totp/x?secret={SEED}&digits=%EF%BC%96", "otp-numbers"),
        (f"otpauth://totp/x?secret={SEED}&period=0", "otp-numbers"),
        (f"otpauth://totp/x?secret={SEED}&period=-30", "otp-numbers"),
        (f"otpauth://totp/x?secret={SEED}&period=" + "9" * 5000, "otp-numbers"),
        (f"otpauth://hotp/x?secret={SEED}&counter=99999999999999999", "otp-numbers"),
    ],
)
def test_what_is_not_understood_is_malformed_and_not_quoted(text: str, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(text)
    assert caught.value.code == reason
    assert caught.value.__context__ is None or not isinstance(caught.value.__cause__, ValueError)
    for part in (SEED, "JBSWY3"):
        assert part not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=60)
    | st.text(max_size=60).map("otpauth://".__add__)
    | st.text(max_size=40).map("otpauth://totp/x?secret=JBSWY3DP&".__add__)
    | st.text("abcdefghij234567= -", max_size=30)
)
def test_no_text_whatever_raises_anything_else_and_every_seed_read_gives_a_code(text: str) -> None:
    try:
        otp = parse(text)
    except GovernError:
        return
    assert code(otp, 59, counter=1)[0]


def test_every_address_of_the_samples_is_read_or_refused_by_name(shared: Path) -> None:
    folder = shared / "samples" / "proton" / "authenticator"
    lines = (folder / "aegis" / "aegis-txt.txt").read_text().split()
    kinds = [parse(line).kind for line in lines]
    assert sorted(kinds) == ["steam", "totp", "totp"]
    manual = json.loads((folder / "2fas" / "decrypted_with_manual_entries.2fas").read_text())
    odd = [one["secret"] for one in manual["services"] if len(one["secret"]) % 8 in (1, 3, 6)]
    for service in manual["services"]:
        if service["secret"] in odd:
            with pytest.raises(Malformed):
                parse(service["secret"])
        else:
            assert len(code(parse(service["secret"]), 59)[0]) == 6
    assert (len(manual["services"]), len(odd)) == (12, 1)


# --- keeping and giving back ---------------------------------------------------------------------------------------------------------

OTPS = [
    make(SEED, issuer="Möwe: & Söhne", name="a b@example.com", digits=8, period=60, algorithm="SHA512"),
    make(SEED, kind="hotp", counter=7, name="x"),
    make(SEED, kind="steam", issuer="Steam", name="y"),
    make("JBSWY3DPEHPK3PXP"),
]


@pytest.mark.parametrize("otp", OTPS, ids=lambda otp: otp.kind.value)
def test_a_seed_goes_into_the_fields_of_a_version_and_comes_back(otp: Otp) -> None:
    fields = to_fields(otp)
    assert SEED not in repr(fields)
    assert from_fields(fields) == otp
    assert from_fields({**fields, "secret": fields["secret"].reveal(), "fingerprints": {}}) == otp
    assert from_fields({"secret": SEED}) == make(SEED)


@pytest.mark.parametrize("otp", OTPS, ids=lambda otp: otp.kind.value)
def test_the_address_given_to_other_programs_is_read_again(otp: Otp) -> None:
    assert parse(uri(otp)) == otp
    assert repr(uri(otp)) == "Secret(…)"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"secret": 5},
        {"secret": SEED, "otp": []},
        {"secret": SEED, "otp": {"more": 1}},
        {"secret": SEED, "otp": {"digits": "6"}},
        {"secret": SEED, "otp": {"digits": True}},
        {"secret": SEED, "otp": {"kind": []}},
        {"secret": SEED, "otp": {"algorithm": None}},
        {"secret": SEED, "otp": {"issuer": None}},
    ],
)
def test_odd_fields_are_malformed(fields: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        from_fields(fields)


def test_a_seed_is_masked() -> None:
    assert SEED not in repr(make(SEED))


def test_a_time_before_1970_is_malformed() -> None:
    with pytest.raises(Malformed):
        code(make(SEED), -1)
