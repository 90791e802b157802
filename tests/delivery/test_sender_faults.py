"""Which answers condemn the sender and no reader."""

import pytest
from django.db import connection

from delivery.sender_faults import ADVICE, PATTERN, advice_for, sender_fault


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("550 5.7.26 This mail has been blocked because the sender is unauthenticated.", "5.7.26"),
        ("421 4.7.26 This mail has been rate limited because it is unauthenticated.", "4.7.26"),
        ("550 5.7.515 Access denied, sending domain marenmoss.example", "5.7.515"),
        ("550 5.7.25 The IP address sending this message does not have a PTR record", "5.7.25"),
        ("450-4.7.28 Gmail has detected an unusual rate of mail", "4.7.28"),
        ("550 5.7.606 Access denied, banned sending IP", "5.7.606"),
        ("rejected by receiver (5.7.29): no TLS", "5.7.29"),
        ("550 5.1.1 No such user", ""),
        ("550 5.7.1 Message refused by policy", ""),
        ("550 5.7.260 no such code", ""),
        ("550 5.1.1 host 5.7.26.4 says no", ""),
        ("550 15.7.26 nonsense", ""),
        ("", ""),
    ],
)
@pytest.mark.django_db
def test_a_code_is_found_in_a_servers_words_by_python_and_by_postgresql_alike(words: str, code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(substring(%s FROM %s), ''), %s ~ %s", [words, PATTERN, words, PATTERN])
        in_sql = cursor.fetchone()

    assert sender_fault(words) == code
    assert in_sql == (code, bool(code))


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("5.7.26", "SPF and DKIM"),
        ("5.7.515", "SPF and DKIM"),
        ("5.7.25", "PTR"),
        ("4.7.23", "PTR"),
        ("5.7.23", "SPF record"),
        ("4.7.31", "DMARC"),
        ("5.7.28", "spam"),
        ("5.7.29", "TLS"),
    ],
)
def test_the_advice_names_what_to_mend(code: str, word: str) -> None:
    assert word in advice_for(code)


def test_every_code_has_advice_that_says_when_to_go_on() -> None:
    assert all("resume" in str(advice) for advice in ADVICE.values())
