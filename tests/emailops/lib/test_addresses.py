"""What is an address, and which two are the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailops.lib.addresses import LONGEST_ADDRESS, Address, InvalidAddress, read_address

ACCEPTED = [
    ("ann@example.org", "ann@example.org"),
    ("  ann@example.org\n", "ann@example.org"),
    ("mailto:ann@example.org", "ann@example.org"),
    ("Ann.Lee@Example.ORG", "ann.lee@example.org"),
    ("ann+spring@example.org", "ann+spring@example.org"),
    ("o'brien@example.org", "o'brien@example.org"),
    ("=cmd|x@example.org", "=cmd|x@example.org"),
    ("!#$%&'*+/=?^_`{|}~-@example.org", "!#$%&'*+/=?^_`{|}~-@example.org"),
    ("ann@sub.mail.example.co.uk", "ann@sub.mail.example.co.uk"),
    ("ann@1and1.example", "ann@1and1.example"),
    ("ann@ab--cd.example", "ann@ab--cd.example"),
    ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
    ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
    ("ann@пример.рф", "ann@xn--e1afmkfd.xn--p1ai"),
    ("ann@хотел.бг", "ann@xn--e1amhqn.xn--90ae"),
    ("ann@डाकघर.भारत", "ann@xn--11bgz6d5c.xn--h2brj9c"),
    ("мария@example.org", "мария@example.org"),
    ("МАРИЯ@example.org", "мария@example.org"),
    ("josé@example.org", "josé@example.org"),
    ("x" * 64 + "@example.org", "x" * 64 + "@example.org"),
]

REFUSED = [
    "",
    "   ",
    "ann",
    "ann@",
    "@example.org",
    "ann@@example.org",
    "ann@b@example.org",
    "ann@localhost",
    "ann@example",
    "ann@example.",
    "ann@.example.org",
    "ann@example..org",
    "ann@-example.org",
    "ann@example-.org",
    "ann@ex_ample.org",
    "ann@exam ple.org",
    "ann@192.168.0.1",
    "ann@[192.168.0.1]",
    "ann@example.123",
    "ann@example.o",
    "ann@" + "a" * 64 + ".org",
    "ann@" + "ü" * 60 + ".org",
    ".ann@example.org",
    "ann.@example.org",
    "an..n@example.org",
    '"ann lee"@example.org',
    "Ann Lee <ann@example.org>",
    "ann@example.org, bob@example.org",
    "ann@example.org;bob@example.org",
    "ann(comment)@example.org",
    "ann\\@example.org",
    "ann@example.org\r\nBcc: bob@example.org",
    "ann\r\n@example.org",
    "ann\0@example.org",
    "ann\t@example.org",
    "ann\x7f@example.org",
    "ann\u200b@example.org",
    "ann\u202e@example.org",
    "ann\ufeff@example.org",
    "ann@exam\u00adple.org\u200e",
    "x" * 65 + "@example.org",
    "ж" * 33 + "@example.org",
    "x" * 60 + "@" + ".".join(["d" * 63] * 3) + ".org",
]


@pytest.mark.parametrize(("text", "key"), ACCEPTED)
def test_an_address_is_read_and_gets_its_key(text: str, key: str) -> None:
    assert read_address(text).key == key


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_address_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidAddress) as refusal:
        read_address(text)

    assert len(str(refusal.value)) < 200
    assert str(refusal.value).endswith(".")


def test_the_written_form_keeps_the_case_of_the_local_part_only() -> None:
    assert read_address("Ann.Lee@Example.ORG") == Address("Ann.Lee@example.org", "ann.lee@example.org")


def test_two_spellings_of_one_accented_letter_are_one_address() -> None:
    composed, decomposed = "jos\u00e9@example.org", "jose\u0301@example.org"

    assert read_address(composed) == read_address(decomposed)


def test_sharp_s_is_not_turned_into_another_domain() -> None:
    """IDNA 2003 maps straße.de to strasse.de, which belongs to somebody else."""
    assert read_address("ann@straße.de").key == "ann@xn--strae-oqa.de"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no e-mail"),
        ("ann", "“ann”"),
        ("ann@ex_ample.org", "domain"),
        ("a..b@example.org", "dot"),
        ("x" * 65 + "@example.org", "too long"),
    ],
)
def test_the_sentence_says_what_is_wrong(text: str, word: str) -> None:
    with pytest.raises(InvalidAddress, match=word):
        read_address(text)


def test_a_long_text_is_refused_quickly() -> None:
    hostile = ["a" * 100_000, "@" * 100_000, "a@" + "a." * 50_000, "a@" + "a-" * 50_000 + "!", "a." * 50_000 + "@b.org"]

    started = time.perf_counter()
    for text in hostile:
        with pytest.raises(InvalidAddress):
            read_address(text)

    assert time.perf_counter() - started < 2


@given(st.text(max_size=80) | st.emails() | st.from_regex(r"[^@]{1,70}@[^@]{1,70}"))
def test_whatever_is_accepted_is_safe_in_a_header_and_stays_the_same(text: str) -> None:
    try:
        address = read_address(text)
    except InvalidAddress:
        return

    assert address.written.isprintable()
    assert " " not in address.written
    assert address.key.count("@") == 1
    assert address.key.rpartition("@")[2].isascii()
    assert len(address.written.encode()) <= LONGEST_ADDRESS
    assert read_address(address.written) == address
    assert read_address(address.key).key == address.key
