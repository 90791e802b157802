"""Many messages in one call: each provider's request as it goes over the wire, and what each answer means for whom."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.mail import EmailMultiAlternatives

from delivery.fates import Fate, Outcome, RelayTrouble
from delivery.transports import ProviderSession
from delivery.transports.batches import BATCHES, MOST_BYTES, recipient_of, split
from delivery.transports.catalogue import providers
from emailops.lib.mailurl import MailSettings
from tests.delivery.transports.http_server import Asked, Reply, Server, running

Parts = dict[str, dict[str, Any]]


@pytest.fixture
def provider() -> Iterator[Server]:
    with running(Server()) as server:
        yield server


def session(name: str, server: Server) -> ProviderSession:
    options = {setting.name: "secret" for setting in providers()[name].settings if setting.is_required}
    backend = f"anymail.backends.{name}.EmailBackend"
    return ProviderSession(MailSettings(backend, provider=name, options={**options, "api_url": server.url}))


def letter(name: str) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        f"Glow, {name}",
        f"Dear {name}",
        '"Elena" <elena@marenmoss.example>',
        [f'"{name}, of all" <{name.lower()}@example.org>'],
        reply_to=["hello@marenmoss.example"],
        headers={"List-Unsubscribe": f"<https://x.example/u/{name}>", "List-ID": "<maren-moss.marenmoss.example>"},
    )
    message.attach_alternative(f"<p>Dear <b>{name}</b></p>", "text/html")
    return message


NAMES = ("Ann", "Bob", "Cleo")
ADDRESSES = [f"{name.lower()}@example.org" for name in NAMES]


def letters() -> list[EmailMultiAlternatives]:
    return [letter(name) for name in NAMES]


def part(subject: str, text: str, html: str, headers: Any) -> dict[str, Any]:
    return {"subject": subject, "text": text, "html": html, "headers": dict(headers)}


def of_postmark(asked: Asked) -> Parts:
    return {
        recipient_of(EmailMultiAlternatives(to=[entry["To"]])): part(
            entry["Subject"],
            entry["TextBody"],
            entry["HtmlBody"],
            {header["Name"]: header["Value"] for header in entry["Headers"]},
        )
        for entry in asked.json
    }


def of_resend(asked: Asked) -> Parts:
    return {
        recipient_of(EmailMultiAlternatives(to=entry["to"])): part(
            entry["subject"], entry["text"], entry["html"], entry["headers"]
        )
        for entry in asked.json
    }


def of_mailtrap(asked: Asked) -> Parts:
    return {
        entry["to"][0]["email"]: part(entry["subject"], entry["text"], entry["html"], entry["headers"])
        for entry in asked.json["requests"]
    }


def of_mailjet(asked: Asked) -> Parts:
    return {
        entry["To"][0]["Email"]: part(entry["Subject"], entry["TextPart"], entry["HTMLPart"], entry["Headers"])
        for entry in asked.json["Messages"]
    }


def of_brevo(asked: Asked) -> Parts:
    return {
        entry["to"][0]["email"]: part(entry["subject"], entry["textContent"], entry["htmlContent"], entry["headers"])
        for entry in asked.json["messageVersions"]
    }


def of_mailgun(asked: Asked) -> Parts:
    """As Mailgun fills in what stands between percent signs."""
    form = {name: values[0] for name, values in parse_qs(asked.body).items()}

    def filled(name: str, own: dict[str, str]) -> str:
        text = form[name]
        assert text.startswith("%recipient.")
        return own[text.removeprefix("%recipient.").removesuffix("%")]

    headers = [name for name in form if name.startswith("h:List-")]
    return {
        address: part(
            filled("subject", own),
            filled("text", own),
            filled("html", own),
            {name.removeprefix("h:").replace("List-Id", "List-ID"): filled(name, own) for name in headers},
        )
        for address, own in json.loads(form["recipient-variables"]).items()
    }


def taken_by_postmark(asked: Asked) -> Reply:
    entries = [
        {"To": entry["To"], "MessageID": f"id-{number}", "ErrorCode": 0, "Message": "OK"}
        for number, entry in enumerate(asked.json)
    ]
    return 200, entries


def taken_by_mailjet(asked: Asked) -> Reply:
    entries = [
        {"Status": "success", "To": [{"Email": entry["To"][0]["Email"], "MessageID": number}]}
        for number, entry in enumerate(asked.json["Messages"])
    ]
    return 200, {"Messages": entries}


READERS: dict[str, Callable[[Asked], Parts]] = {
    "brevo": of_brevo,
    "mailgun": of_mailgun,
    "mailjet": of_mailjet,
    "mailtrap": of_mailtrap,
    "postmark": of_postmark,
    "resend": of_resend,
}
TAKEN: dict[str, Callable[[Asked], Reply]] = {
    "brevo": lambda _asked: (201, {"messageIds": ["1", "2", "3"]}),
    "mailgun": lambda _asked: (200, {"id": "<1@mg>", "message": "Queued. Thank you."}),
    "mailjet": taken_by_mailjet,
    "mailtrap": lambda asked: (
        200,
        {"success": True, "responses": [{"success": True, "message_ids": ["1"]} for _one in asked.json["requests"]]},
    ),
    "postmark": taken_by_postmark,
    "resend": lambda asked: (200, {"data": [{"id": str(number)} for number, _one in enumerate(asked.json)]}),
}


def fates(outcomes: Sequence[Outcome]) -> list[Fate]:
    return [outcome.fate for outcome in outcomes]


def test_every_provider_with_batches_is_played_here() -> None:
    assert set(READERS) == set(TAKEN) == set(BATCHES)
    assert set(BATCHES) <= set(providers())


@pytest.mark.parametrize("name", sorted(BATCHES))
def test_one_call_gives_each_reader_a_mail_of_his_own(name: str, provider: Server) -> None:
    provider.answer = TAKEN[name]

    outcomes = session(name, provider).send_batch(letters())

    assert fates(outcomes) == [Fate.ACCEPTED] * 3
    assert len(provider.asked) == 1
    assert READERS[name](provider.asked[0]) == {
        f"{person.lower()}@example.org": part(
            f"Glow, {person}",
            f"Dear {person}",
            f"<p>Dear <b>{person}</b></p>",
            {
                "List-Unsubscribe": f"<https://x.example/u/{person}>",
                "List-ID": "<maren-moss.marenmoss.example>",
            },
        )
        for person in NAMES
    }


@pytest.mark.parametrize("name", sorted(BATCHES))
def test_nobody_sees_who_else_gets_it(name: str, provider: Server) -> None:
    provider.answer = TAKEN[name]

    session(name, provider).send_batch(letters())

    assert set(READERS[name](provider.asked[0])) == set(ADDRESSES), "an entry, or a variable, for each alone"


def test_what_postmark_refuses_is_told_for_each_in_one_answer(provider: Server) -> None:
    provider.answer = lambda asked: (
        200,
        [
            {"To": asked.json[0]["To"], "MessageID": "a", "ErrorCode": 0, "Message": "OK"},
            {"ErrorCode": 406, "Message": "Found inactive addresses: bob@example.org. Inactive recipients are"},
            {"ErrorCode": 300, "Message": "Invalid 'From' address"},
        ],
    )

    outcomes = session("postmark", provider).send_batch(letters())

    assert fates(outcomes) == [Fate.ACCEPTED, Fate.ADDRESS_REFUSED, Fate.CONTENT_REFUSED]
    assert len(provider.asked) == 1
    assert "Invalid 'From' address" in outcomes[2].text


def test_what_mailjet_and_mailtrap_refuse_stops_no_other(provider: Server) -> None:
    provider.answer = lambda _asked: (
        400,
        {
            "Messages": [
                {"Status": "success", "To": [{"Email": "ann@example.org", "MessageID": 1}]},
                {"Status": "error", "Errors": [{"ErrorMessage": "no"}]},
                {"Status": "success", "To": [{"Email": "cleo@example.org", "MessageID": 3}]},
            ]
        },
    )
    by_mailjet = session("mailjet", provider).send_batch(letters())
    provider.answer = lambda _asked: (
        200,
        {
            "success": True,
            "responses": [
                {"success": True, "message_ids": ["1"]},
                {"success": False, "errors": ["no"]},
                {"success": True, "message_ids": ["3"]},
            ],
        },
    )

    by_mailtrap = session("mailtrap", provider).send_batch(letters())

    expected = [Fate.ACCEPTED, Fate.CONTENT_REFUSED, Fate.ACCEPTED]
    assert (fates(by_mailjet), fates(by_mailtrap)) == (expected, expected)


def test_a_batch_refused_for_one_of_it_is_given_one_by_one(provider: Server) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/batch") or "bob@" in asked.body:
            return 422, {"message": "Invalid `to` field"}
        return 200, {"id": "1"}

    provider.answer = answer

    outcomes = session("resend", provider).send_batch(letters())

    assert fates(outcomes) == [Fate.ACCEPTED, Fate.CONTENT_REFUSED, Fate.ACCEPTED]
    assert [asked.path for asked in provider.asked] == ["/emails/batch", *["/emails"] * 3]


@pytest.mark.parametrize(("status", "fate"), [(429, Fate.LATER), (503, Fate.LATER), (500, Fate.UNKNOWN)])
def test_what_befalls_the_whole_call_befalls_each(status: int, fate: Fate, provider: Server) -> None:
    provider.answer = lambda _asked: (status, {"message": "no"})

    outcomes = session("resend", provider).send_batch(letters())

    assert fates(outcomes) == [fate] * 3
    assert len(provider.asked) == 1


def test_an_answer_that_cannot_be_read_leaves_all_of_it_unknown(provider: Server) -> None:
    provider.answer = lambda _asked: (200, b"<html>")

    assert fates(session("postmark", provider).send_batch(letters())) == [Fate.UNKNOWN] * 3


def test_an_entry_too_few_leaves_the_one_without_unknown(provider: Server) -> None:
    provider.answer = lambda asked: (200, taken_by_postmark(asked)[1][:2])

    outcomes = session("postmark", provider).send_batch(letters())

    assert fates(outcomes) == [Fate.ACCEPTED, Fate.ACCEPTED, Fate.UNKNOWN]


def test_a_wrong_key_is_trouble_and_touches_nobody(provider: Server) -> None:
    provider.answer = lambda _asked: (401, {"message": "Bad key"})

    with pytest.raises(RelayTrouble) as trouble:
        session("resend", provider).send_batch(letters())

    assert trouble.value.is_lasting


def test_trouble_in_the_middle_keeps_what_was_delivered(provider: Server) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/batch"):
            return 422, {"message": "no"}
        return (200, {"id": "1"}) if "ann@" in asked.body else (401, {"message": "Bad key"})

    provider.answer = answer

    outcomes = session("resend", provider).send_batch(letters())

    assert fates(outcomes) == [Fate.ACCEPTED, Fate.LATER, Fate.LATER]


def test_trouble_in_a_later_call_keeps_what_the_first_delivered(provider: Server) -> None:
    provider.answer = lambda asked: taken_by_mailjet(asked) if len(provider.asked) == 1 else (401, b"")
    given = [letter(f"Reader{number}") for number in range(60)]

    outcomes = session("mailjet", provider).send_batch(given)

    assert fates(outcomes) == [Fate.ACCEPTED] * 50 + [Fate.LATER] * 10


@pytest.mark.parametrize("name", ["sparkpost", "mandrill", "postal", "scaleway"])
def test_a_provider_without_fitting_batches_gets_one_call_each(name: str, provider: Server) -> None:
    provider.answer = lambda _asked: (500, {})

    outcomes = session(name, provider).send_batch(letters())

    assert fates(outcomes) == [Fate.UNKNOWN] * 3
    assert len(provider.asked) == 3
    assert session(name, provider).most_at_once == 1


def test_metadata_of_each_goes_along(provider: Server) -> None:
    provider.answer = TAKEN["postmark"]
    given = letters()
    for number, message in enumerate(given):
        message.metadata = {"delivery": str(number)}  # type: ignore[attr-defined]  # anymail's

    session("postmark", provider).send_batch(given)

    assert [entry["Metadata"] for entry in provider.asked[0].json] == [{"delivery": str(n)} for n in range(3)]


def parts_of(messages: Sequence[EmailMultiAlternatives]) -> list[list[str]]:
    return [[recipient_of(message) for message in part] for part in split(messages, BATCHES["postmark"])]


def test_an_address_stands_in_a_batch_once_and_foreign_letters_go_alone() -> None:
    given = [letter(name) for name in ("Ann", "Bob", "ann", "Жана", "Cleo")]

    assert parts_of(given) == [
        ["ann@example.org", "bob@example.org"],
        ["ann@example.org"],
        ["жана@example.org"],
        ["cleo@example.org"],
    ]


def test_a_call_carries_no_more_than_its_bytes() -> None:
    given = letters()
    for message in given:
        message.body = "x" * (MOST_BYTES // 2)

    assert [len(part) for part in parts_of(given)] == [1, 1, 1]


def test_nothing_to_send_is_no_call(provider: Server) -> None:
    assert session("postmark", provider).send_batch([]) == []
    assert provider.asked == []


def test_a_redirect_is_not_followed_with_the_key(provider: Server) -> None:
    with running(Server()) as elsewhere:
        provider.answer = lambda _asked: (307, {}, {"Location": elsewhere.url})

        for given in (letters(), letters()[:1]):
            with pytest.raises(RelayTrouble) as trouble:
                session("resend", provider).send_batch(given)
            assert trouble.value.is_lasting

    assert elsewhere.asked == []
