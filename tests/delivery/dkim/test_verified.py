"""Messages of every kind that we make, verified by two verifiers that are not ours."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from campaigns.liquid import RenderFailed
from delivery.mime import compile_mail
from tests.campaigns.compiled.templates import TEXTS
from tests.delivery.dkim.conftest import BOTH, RECORDS, SELECTORS, received, tags_of
from tests.delivery.mime.conftest import DELIVERY, Scene, reader, scene
from tools.programs import OPENDKIM
from tools.verifiers import dkimpy_accepts, opendkim_accepts

MANY = examples(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
PIECES = st.sampled_from(
    [
        "<p>Hello {{ contact.first_name }}</p>", "<p>\n.\n</p>", "\n..\n", "<pre>  two  \t spaces  </pre>", "x" * 1200,
        "<p>Für Жана 🌿</p>", "\n\n\n", "<br>", "a\u00a0b", "{{ contact.attributes.city }}", "  \n", "=20",
        '<p><a href="https://shop.example/?a=1&amp;b={{ contact.first_name }}">Shop</a></p>',
    ]
)  # fmt: skip
BODIES = st.lists(PIECES, min_size=1, max_size=8).map("".join)
SUBJECTS = st.sampled_from(["Glow", "", "Für {{ contact.full_name }} 🌿", "{{ contact.first_name }}", "x y " * 40])
NAMES = st.sampled_from(["Elena at Maren & Moss", "Елена", "Moss, Maren & 'Co'", "", "E" * 90])
REPLIES = st.sampled_from(["", "hello@marenmoss.example"])
READERS = st.builds(lambda name, city: reader(name, city=city), TEXTS, TEXTS)


def _opendkim() -> None:
    if OPENDKIM.find() is None:
        message = "there is no opendkim; `python tools/programs.py` says how to install it"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)


def _signed(at: Scene, context: dict[str, Any]) -> bytes | None:
    mail = compile_mail(at.version, at.sender, at.campaign, BOTH)
    try:
        return mail.wire(DELIVERY, "ann@example.org", context)
    except (RenderFailed, ValueError):
        return None  # what cannot be made is not sent


def test_whatever_we_make_verifies_under_dkimpy_and_opendkim() -> None:
    _opendkim()
    made: list[bytes] = []

    @MANY
    @given(html=BODIES, subject=SUBJECTS, name=NAMES, reply_to=REPLIES, context=READERS)
    def verify(html: str, subject: str, name: str, reply_to: str, context: dict[str, Any]) -> None:
        wire = _signed(scene(html, subject, name=name, reply_to=reply_to), context)
        if wire is not None:
            made.append(received(wire))
            assert dkimpy_accepts(made[-1], RECORDS) == SELECTORS

    verify()

    assert len(made) > 150
    assert [found for found in opendkim_accepts(made, RECORDS) if found != SELECTORS] == []


def test_opendkim_sees_a_change_and_a_missing_key() -> None:
    _opendkim()
    wire = _signed(scene("<p>Hello</p>"), reader())
    assert wire
    good, bad = received(wire), received(wire).replace(b"Hello", b"Hallo")

    assert opendkim_accepts([good, bad, good], RECORDS) == [SELECTORS, set(), SELECTORS]
    assert opendkim_accepts([good], {}) == [set()]


@pytest.mark.parametrize("html", ["<p>Hello {{ contact.first_name }}</p>", "<textarea>{{ contact.first_name }}"])
def test_both_ways_of_making_a_message_sign_it(html: str) -> None:
    at = scene(html)
    plain, signing = at.compiled(), compile_mail(at.version, at.sender, at.campaign, BOTH)

    wire = signing.wire(DELIVERY, "ann@example.org", reader())

    plain.wire(DELIVERY, "ann@example.org", reader())
    assert signing.reference_count == plain.reference_count == ("textarea" in html)
    assert dkimpy_accepts(received(wire), RECORDS) == SELECTORS


def test_a_campaigns_mail_has_both_list_headers_under_its_signature() -> None:
    """RFC 8058 section 4: without, no mailbox provider shows its own button to unsubscribe."""
    wire = _signed(scene("<p>Hello</p>"), reader())
    assert wire

    for tags in tags_of(wire):
        assert {"List-Unsubscribe", "List-Unsubscribe-Post"} <= set(tags["h"].split(":"))
