"""To whom Maren & Moss writes: attributes, lists, segments, and the files by which its readers came in."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.core.files.base import ContentFile

from audience.imports import ImportChoices, open_import, start_import
from audience.intake import run_import
from audience.models import AttributeKind, Consent, ContactImport
from audience.segments.definition import Condition, Group
from audience.services import TopicWords, create_list, create_segment, create_topic, define_attribute
from audience.services.signup import create_form
from emailops.demo.crowd import Reader
from emailops.demo.stage import Stage

ATTRIBUTES = (
    ("Skin type", AttributeKind.TEXT),
    ("Birthday", AttributeKind.DATE),
    ("Loyalty points", AttributeKind.NUMBER),
    ("VIP", AttributeKind.BOOLEAN),
)
LISTS = (
    ("customers", "Customers", "Everybody who has bought from us, from the shop's own records."),
    ("newsletter", "Newsletter", "Readers of the Moss Letter who signed up on the site or at the market."),
    ("quiz", "Skin quiz", "People who took the skin quiz and asked for the result by mail."),
)
TOPICS = (
    TopicWords("The Moss Letter", "One story every second Tuesday.", {"bg": "Писмото от Мос"}),
    TopicWords("New products", "When something new leaves the workshop.", {"bg": "Нови продукти"}),
    TopicWords("Skin care advice", "What the season does to the skin, and what helps.", {"bg": "Съвети за кожата"}),
)
AT_CHECKOUT = "Yes, write to me about products and skin care, about once a week. I can stop at any time."
ON_THE_SITE = (
    "Send me the Moss Letter: one story every second Tuesday, and news from the workshop. I can stop at any time."
)
SIGNUP = {
    "name": "The Moss Letter, on the site",
    "title": "The Moss Letter",
    "intro": "One story every second Tuesday, from the workshop to your inbox.",
    "button": "Send it to me",
    "thanks": "Thank you. Look into your inbox: one more click, and the next letter is yours.",
    "consent_wording": ON_THE_SITE,
    "fields": [{"key": "first_name", "required": False}, {"key": "city", "required": False}],
    "confirm_subject": "One more click for the Moss Letter",
    "confirm_body": "You asked for the Moss Letter. Press the button, and the next one is yours.",
    "welcome_subject": "Welcome to the Moss Letter",
    "welcome_body": "We are glad that you read with us. The next letter comes on a Tuesday.",
}
IN_THE_QUIZ = "Mail me my result, and after that the Moss Letter. I can stop at any time."
CUSTOMER_COLUMNS = (
    "Email", "First name", "Last name", "Language", "Customer ID", "Skin type", "City", "Birthday", "Loyalty points",
    "VIP",
)  # fmt: skip
READER_COLUMNS = ("Имейл", "Име", "Фамилия", "Език", "Град")
QUIZ_COLUMNS = ("E-mail", "First name", "Language", "Skin type", "City")


@dataclass(frozen=True, slots=True)
class Intake:
    """A file as it was brought in: for which list, and how its people agreed."""

    filename: str
    list_key: str
    consent: Consent
    wording: str
    by: str


def prepare_audience(stage: Stage, now: datetime) -> None:
    """The attributes, lists and segments everything else refers to."""
    workspace, lead = stage.workspace, stage.lead
    for label, kind in ATTRIBUTES:
        define_attribute(workspace=workspace, label=label, kind=kind, by=lead, now=now)
    for key, name, description in LISTS:
        stage.lists[key] = create_list(workspace=workspace, name=name, description=description, by=lead, now=now)
    topics = [create_topic(workspace=workspace, words=words, by=lead, now=now) for words in TOPICS]
    content = SIGNUP | {"contact_list": stage.lists["newsletter"], "topics": [topic.pk for topic in topics]}
    create_form(workspace=workspace, content=content, by=lead, now=now)


def on_list(stage: Stage, *keys: str) -> Condition:
    return Condition("list", "any_of", [stage.lists[key].pk for key in keys])


def build_segments(stage: Stage, now: datetime) -> None:
    """The segments of the first weeks; `leave_out_recent_buyers` comes later, when it hurts."""
    customers = on_list(stage, "customers")
    bought_then = Condition("event.order_placed", "in_last_days", 84)
    not_since = Group("any", (Condition("event.order_placed", "in_last_days", 35),), negate=True)
    wanted = (
        ("letter", "Letter readers", "They asked for the Moss Letter, on the site, at the market or after the quiz.",
         Group("all", (on_list(stage, "newsletter", "quiz"),))),
        ("customers", "Customers", "Everybody who has ever bought from us.", Group("all", (customers,))),
        ("members", "Members", "A thousand points and more: they get new things first.",
         Group("all", (Condition("attribute.vip", "is_true"),))),
        ("low", "Bottle running low", "Ordered five to twelve weeks ago and not since: the serum lasts seven weeks.",
         Group("all", (bought_then, not_since))),
        ("skin", "We know their skin type", "From the quiz or from the shop, so that advice can be about their skin.",
         Group("all", (Condition("attribute.skin_type", "is_set"),))),
        ("quiz", "Quiz takers", "They took the skin quiz and wait for what we make of it.",
         Group("all", (on_list(stage, "quiz"),))),
        ("quiet", "Gone quiet", "Customers who have neither opened a mail nor ordered for two months.",
         Group("all", (customers, Condition("mail.opened", "not_in_last_days", 60),
                       Condition("event.order_placed", "not_in_last_days", 60)))),
    )  # fmt: skip
    for key, name, description, definition in wanted:
        stage.segments[key] = create_segment(
            workspace=stage.workspace, name=name, description=description, definition=definition, by=stage.lead, now=now
        )


def leave_out_recent_buyers(stage: Stage, now: datetime) -> None:
    """What the retrospective of sprint 14 asked for: customers, but not those who have just bought."""
    has_bought = Condition("event.order_placed", "in_last_days", 30)
    stage.segments["rested"] = create_segment(
        workspace=stage.workspace,
        name="Customers, nothing bought for 30 days",
        description="For product mails. Nobody is told about what stands in the bathroom already.",
        definition=Group("all", (on_list(stage, "customers"), Group("any", (has_bought,), negate=True))),
        by=stage.lead,
        now=now,
    )


def bring_in_file(stage: Stage, intake: Intake, content: bytes, now: datetime) -> ContactImport:
    """Upload, match, start, and do the worker's part of an import."""
    by = stage.cast[intake.by]
    found = open_import(workspace=stage.workspace, file=ContentFile(content, name=intake.filename), by=by, now=now)
    choices = ImportChoices(
        mapping=found.mapping,
        lists=[stage.lists[intake.list_key]],
        consent=intake.consent,
        consent_source=str(stage.lists[intake.list_key]) if intake.wording else "",
        consent_wording=intake.wording,
    )
    start_import(found=found, choices=choices, by=by, now=now + timedelta(minutes=4))
    run_import(found.pk, ticking(now + timedelta(minutes=4), timedelta(milliseconds=700)))
    return found


def ticking(start: datetime, step: timedelta) -> Callable[[], datetime]:
    """A clock of that time, a little later at each look."""
    moment = start

    def look() -> datetime:
        nonlocal moment
        moment += step
        return moment

    return look


def customer_rows(readers: Iterable[Reader]) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for n, one in enumerate(readers):
        birthday = f"{one.birthday:%d.%m.%Y}" if n % 9 < 5 else ""
        vip = "yes" if one.is_vip else "no"
        rows.append(
            (one.email, one.first_name, one.last_name, one.language, one.customer_id, one.skin_type, one.city, birthday,
             str(one.points), vip)
        )  # fmt: skip
    return rows


def reader_rows(readers: Iterable[Reader]) -> list[Sequence[str]]:
    return [(one.email, one.first_name, one.last_name, one.language, one.city) for one in readers]


def quiz_rows(readers: Iterable[Reader]) -> list[Sequence[str]]:
    return [(one.email, one.first_name, one.language, one.skin_type or "normal", one.city) for one in readers]


def as_csv(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, spoilt: Sequence[Sequence[str]] = (), delimiter: str = ","
) -> bytes:
    """A file as a spreadsheet saves it, with some rows that nobody can read strewn in."""
    random = Random(len(rows))  # noqa: S311  invented people, no secrets
    lines = list(rows)
    for row in spoilt:
        lines.insert(random.randrange(len(lines)), row)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows(lines)
    return text.getvalue().encode("utf-8-sig")
