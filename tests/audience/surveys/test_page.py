"""The page on which readers answer: what opens it, what is kept, and what changes nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audience.models import (
    AnswerSource,
    AnswerValue,
    AttributeKind,
    Contact,
    QuestionKind,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    SurveyStatus,
)
from audience.services.survey_answers import new_sheet, survey_token
from tests.factories.audience import AttributeFactory, ContactFactory, QuestionFactory, SurveyFactory
from workspaces.models import AuditEntry, Workspace

pytestmark = pytest.mark.django_db
AGO = timedelta(seconds=10)
Post = Callable[..., Any]


@pytest.fixture
def why(survey: Survey, score: SurveyQuestion) -> SurveyQuestion:
    """Asked of those who are not happy."""
    made: SurveyQuestion = QuestionFactory.create(
        survey=survey, kind=QuestionKind.LONG, text="Why?", position=1, after=score, shown_from=0, shown_to=6
    )
    return made


@pytest.fixture
def reader(workspace: Workspace) -> Contact:
    made: Contact = ContactFactory.create(workspace=workspace, language="en")
    return made


def page_of(survey: Survey, contact: Contact | None = None, mail: int = 0) -> str:
    return reverse("audience:survey_page", args=[survey_token(survey, contact, mail)])


def filled(survey: Survey, answers: dict[SurveyQuestion, Any], *, shown: datetime | None = None) -> dict[str, Any]:
    """What a browser sends of a page that was shown ten seconds ago."""
    body: dict[str, Any] = {f"q{question.pk}": value for question, value in answers.items()}
    return body | {"asked": [q.pk for q in answers], "sheet": new_sheet(survey, shown or timezone.now() - AGO)}


def test_a_hundred_opened_links_keep_nothing(client: Client, survey: Survey, score: SurveyQuestion) -> None:
    reader = ContactFactory.create(workspace=survey.workspace)
    address = f"{page_of(survey, reader, 7)}?q={score.pk}&v="

    answers = [client.get(f"{address}{number % 11}") for number in range(100)]

    assert {answer.status_code for answer in answers} == {200}
    assert not SurveyAnswer.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_answer_of_a_link_is_chosen_and_the_page_says_that_nothing_is_kept_yet(
    client: Client, survey: Survey, score: SurveyQuestion, why: SurveyQuestion, reader: Contact
) -> None:
    page = client.get(f"{page_of(survey, reader)}?v=9").content.decode()

    assert page.count("checked") == 1
    assert "Programs that check mails press every link too" in page
    assert "Why?" not in page


@pytest.mark.parametrize("value", ["11", "-1", "nine", "", "1e1", "\0"])
def test_a_link_with_no_answer_of_the_question_chooses_nothing(
    client: Client, survey: Survey, score: SurveyQuestion, value: str
) -> None:
    page = client.get(page_of(survey), {"v": value})

    assert page.status_code == 200
    assert "checked" not in page.content.decode()


def test_a_pressed_button_keeps_the_answer_and_asks_what_follows(
    client: Client, survey: Survey, score: SurveyQuestion, why: SurveyQuestion, reader: Contact
) -> None:
    body = filled(survey, {score: "3"})
    first = client.post(page_of(survey, reader, 7), body)
    second = client.post(page_of(survey, reader, 7), {**body, "asked": [why.pk], f"q{why.pk}": "Too dear"})

    answer = SurveyAnswer.objects.get()
    assert "Why?" in first.content.decode()
    assert "Thank you for telling us" in second.content.decode()
    assert (answer.contact, answer.source, answer.mail) == (reader, AnswerSource.MAIL, 7)
    assert list(answer.values.order_by("question__position").values_list("number", "text")) == [
        (3, ""),
        (None, "Too dear"),
    ]


def test_who_is_happy_is_not_asked_why(
    client: Client, survey: Survey, score: SurveyQuestion, why: SurveyQuestion
) -> None:
    page = client.post(page_of(survey), filled(survey, {score: "10"}))

    assert "Thank you for telling us" in page.content.decode()


def test_a_page_sent_twice_is_one_answer(client: Client, survey: Survey, score: SurveyQuestion) -> None:
    body = filled(survey, {score: "8"})

    client.post(page_of(survey), body)
    client.post(page_of(survey), body)

    assert SurveyAnswer.objects.count() == 1


def test_one_answer_a_person_unless_the_survey_lets_them_answer_again(
    client: Client, survey: Survey, score: SurveyQuestion, reader: Contact
) -> None:
    client.post(page_of(survey, reader), filled(survey, {score: "3"}))
    refused = client.post(page_of(survey, reader), filled(survey, {score: "9"}))
    opened = client.get(page_of(survey, reader))
    Survey.objects.update(may_answer_again=True)
    client.post(page_of(survey, reader), filled(survey, {score: "10"}))

    assert "You have answered already" in refused.content.decode()
    assert "You have answered already" in opened.content.decode()
    assert list(AnswerValue.objects.order_by("pk").values_list("number", "answer__is_latest")) == [
        (3, False),
        (10, True),
    ]


def test_answers_of_an_anonymous_survey_hold_nobodys_name(
    client: Client, survey: Survey, score: SurveyQuestion, reader: Contact
) -> None:
    Survey.objects.update(is_anonymous=True)
    survey.refresh_from_db()

    client.post(page_of(survey, reader, 7), filled(survey, {score: "3"}))

    answer = SurveyAnswer.objects.get()
    assert (answer.contact, answer.mail, answer.source) == (None, None, AnswerSource.MAIL)


def test_a_named_link_made_before_a_survey_became_anonymous_opens_nothing(
    client: Client, survey: Survey, score: SurveyQuestion, reader: Contact
) -> None:
    named = page_of(survey, reader)
    Survey.objects.update(is_anonymous=True)

    assert client.get(named).status_code == 404


@pytest.mark.parametrize("status", [SurveyStatus.DRAFT, SurveyStatus.CLOSED])
def test_only_an_open_survey_takes_answers(
    client: Client, survey: Survey, score: SurveyQuestion, status: SurveyStatus
) -> None:
    Survey.objects.update(status=status)

    assert client.get(page_of(survey)).status_code == 404
    assert client.post(page_of(survey), filled(survey, {score: "3"})).status_code == 404
    assert not SurveyAnswer.objects.exists()


def test_a_token_of_another_kind_or_with_a_letter_changed_opens_nothing(client: Client, survey: Survey) -> None:
    token = survey_token(survey)
    for wrong in (f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}", "x", new_sheet(survey, timezone.now())):
        assert client.get(reverse("audience:survey_page", args=[wrong])).status_code == 404


def test_a_contact_of_another_workspace_opens_nothing(client: Client, survey: Survey) -> None:
    stranger = ContactFactory.create()

    assert client.get(page_of(survey, stranger)).status_code == 404


def test_what_is_filled_in_faster_than_anybody_reads_is_asked_once_more(
    client: Client, survey: Survey, score: SurveyQuestion
) -> None:
    page = client.post(page_of(survey), filled(survey, {score: "3"}, shown=timezone.now()))

    assert "is this right?" in page.content.decode()
    assert not SurveyAnswer.objects.exists()


def test_somebody_known_may_press_the_button_at_once(
    client: Client, survey: Survey, score: SurveyQuestion, reader: Contact
) -> None:
    client.post(page_of(survey, reader), filled(survey, {score: "3"}, shown=timezone.now()))

    assert SurveyAnswer.objects.count() == 1


def test_a_forged_or_old_stamp_keeps_nothing(client: Client, survey: Survey, score: SurveyQuestion) -> None:
    other = SurveyFactory.create(workspace=survey.workspace)
    old = timezone.now() - timedelta(days=3)
    for stamp in ("", "forged", new_sheet(other, timezone.now() - AGO), new_sheet(survey, old)):
        client.post(page_of(survey), {**filled(survey, {score: "3"}), "sheet": stamp})

    assert not SurveyAnswer.objects.exists()


def test_what_fills_in_the_trap_is_thanked_and_not_kept(client: Client, survey: Survey, score: SurveyQuestion) -> None:
    page = client.post(page_of(survey), {**filled(survey, {score: "3"}), "website": "https://spam.example"})

    assert "Thank you" in page.content.decode()
    assert not SurveyAnswer.objects.exists()


def test_a_flood_from_one_network_is_stopped(client: Client, survey: Survey, score: SurveyQuestion) -> None:
    codes = [client.post(page_of(survey), filled(survey, {score: "3"})).status_code for _ in range(61)]

    assert codes[-1] == 429
    assert SurveyAnswer.objects.count() == 60


def test_a_required_question_and_an_answer_that_is_none_are_refused_beside_the_question(
    client: Client, survey: Survey, score: SurveyQuestion
) -> None:
    SurveyQuestion.objects.update(is_required=True)

    for wrong in ("", "11", "many"):
        page = client.post(page_of(survey), filled(survey, {score: wrong}))
        assert page.status_code == 422
        assert list(page.context["form"].errors) == [f"q{score.pk}"]
    assert not SurveyAnswer.objects.exists()


def test_a_question_that_is_not_of_the_survey_is_not_answered(
    client: Client, survey: Survey, score: SurveyQuestion
) -> None:
    foreign = QuestionFactory.create()

    page = client.post(page_of(survey), filled(survey, {foreign: "3"}))

    assert page.status_code == 422
    assert not SurveyAnswer.objects.exists()


def test_nothing_answered_is_no_answer(client: Client, survey: Survey, score: SurveyQuestion) -> None:
    page = client.post(page_of(survey), filled(survey, {score: ""}))

    assert page.status_code == 422
    assert not SurveyAnswer.objects.exists()


def test_an_answer_fills_the_attribute_of_its_question(
    client: Client, survey: Survey, score: SurveyQuestion, reader: Contact
) -> None:
    attribute = AttributeFactory.create(workspace=survey.workspace, key="nps", kind=AttributeKind.NUMBER)
    SurveyQuestion.objects.update(attribute=attribute)

    client.post(page_of(survey, reader), filled(survey, {score: "9"}))

    reader.refresh_from_db()
    assert reader.attributes == {"nps": 9}


def test_an_attribute_refuses_on_the_page_what_it_cannot_keep(client: Client, survey: Survey, reader: Contact) -> None:
    attribute = AttributeFactory.create(workspace=survey.workspace, key="born", kind=AttributeKind.DATE)
    question = QuestionFactory.create(survey=survey, kind=QuestionKind.SHORT, text="Born?", attribute=attribute)

    refused = client.post(page_of(survey, reader), filled(survey, {question: "yesterday"}))
    client.post(page_of(survey, reader), filled(survey, {question: "31.01.1990"}))

    reader.refresh_from_db()
    assert refused.status_code == 422
    assert reader.attributes == {"born": "1990-01-31"}


def test_the_page_speaks_the_readers_language_and_without_cookies(
    client: Client, survey: Survey, score: SurveyQuestion, reader: Contact
) -> None:
    Survey.objects.update(words={"bg": {"title": "Как се справяме?"}})
    SurveyQuestion.objects.update(texts={"bg": "Бихте ли ни препоръчали?"})
    Contact.objects.update(language="bg")

    known = client.get(page_of(survey, reader))
    unknown = client.get(page_of(survey), headers={"Accept-Language": "bg"})

    for page in (known, unknown):
        assert "Как се справяме?" in page.content.decode()
        assert "Бихте ли ни препоръчали?" in page.content.decode()
        assert not page.cookies
    assert known.headers["Referrer-Policy"] == "no-referrer"


def test_a_frame_stands_on_any_site_and_its_answers_say_so(
    client: Client, survey: Survey, score: SurveyQuestion
) -> None:
    frame = reverse("audience:survey_frame", args=[survey_token(survey)])

    page = client.get(frame)
    client.post(frame, filled(survey, {score: "8"}))

    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert SurveyAnswer.objects.get().source == AnswerSource.FORM


def test_every_kind_of_question_is_answered_and_read_back(client: Client, survey: Survey, reader: Contact) -> None:
    choices: list[dict[str, Any]] = [
        {"key": key, "label": key.title(), "labels": {}} for key in ("shop", "mail", "fair")
    ]
    kinds: dict[QuestionKind, Any] = {
        QuestionKind.RATING: "4",
        QuestionKind.CHOICE: "fair",
        QuestionKind.SEVERAL: ["fair", "shop"],
        QuestionKind.YES_NO: "no",
        QuestionKind.SHORT: "  Anna ",
        QuestionKind.LONG: "One\r\ntwo",
    }
    questions = {kind: QuestionFactory.create(survey=survey, kind=kind, choices=choices) for kind in kinds}

    client.post(page_of(survey, reader), filled(survey, {questions[kind]: value for kind, value in kinds.items()}))

    said = {value.question.kind: value for value in AnswerValue.objects.select_related("question")}
    assert said[QuestionKind.RATING].number == 4
    assert said[QuestionKind.CHOICE].choices == ["fair"]
    assert said[QuestionKind.SEVERAL].choices == ["shop", "fair"]
    assert said[QuestionKind.YES_NO].number == 0
    assert (said[QuestionKind.SHORT].text, said[QuestionKind.LONG].text) == ("Anna", "One\ntwo")
