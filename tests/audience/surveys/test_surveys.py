"""Surveys, their questions and answers: what may change, who sees what, what becomes of it elsewhere."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from audience.exports import ExportWhat, Wanted, export
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
from audience.segments.compile import contacts_in
from audience.segments.definition import Condition, Group
from audience.services import merge_contacts
from audience.services.survey_answers import AnsweredAlready, Guest, take_answer
from audience.services.survey_questions import (
    Asked,
    add_question,
    change_question,
    current_questions,
    move_question,
    remove_question,
)
from audience.services.surveys import SurveyRefused, change_survey, create_survey, move_survey
from audience.survey_results import comments_of, results_of
from audience.timeline import timeline
from sprints.models import StoryOrigin
from sprints.services.answer_stories import AnswerHasStory, first_draft, story_of_answer
from sprints.services.stories import Parts
from tests.factories.audience import (
    AnswerFactory,
    AttributeFactory,
    ContactFactory,
    QuestionFactory,
    SurveyFactory,
)
from tests.together import together
from workspaces.models import Member

pytestmark = pytest.mark.django_db
CONTENT = {"name": "After the parcel", "title": "How was it?", "button": "Send", "thanks": "Thank you"}
NPS = Asked(QuestionKind.NPS, "Would you recommend us?")


@pytest.fixture
def why(survey: Survey) -> SurveyQuestion:
    made: SurveyQuestion = QuestionFactory.create(survey=survey, kind=QuestionKind.LONG, text="Why?", position=1)
    return made


def said(survey: Survey, now: datetime, contact: Contact | None, **given: Any) -> SurveyAnswer:
    guest = Guest(survey, contact, None, AnswerSource.LINK)
    return take_answer(guest=guest, given={int(key[1:]): v for key, v in given.items()}, ticket=None, now=now)


def scored(survey: Survey, now: datetime, question: SurveyQuestion, *scores: int, **fields: Any) -> list[Contact]:
    """A contact for each score."""
    people = [ContactFactory.create(workspace=survey.workspace, **fields) for _ in scores]
    for contact, number in zip(people, scores, strict=True):
        said(survey, now, contact, **{f"q{question.pk}": number})
    return people


def test_a_survey_opens_once_it_asks_something_and_keeps_its_address(lead: Member, now: datetime) -> None:
    survey = create_survey(workspace=lead.workspace, content=CONTENT, by=lead, now=now)
    twin = create_survey(workspace=lead.workspace, content=CONTENT, by=lead, now=now)
    with pytest.raises(SurveyRefused, match="Add a question first"):
        move_survey(survey=survey, to=SurveyStatus.OPEN, by=lead, now=now)
    add_question(survey=survey, asked=NPS, by=lead, now=now)
    opened = move_survey(survey=survey, to=SurveyStatus.OPEN, by=lead, now=now)
    renamed = change_survey(survey=opened, content=CONTENT | {"name": "Another name"}, by=lead, now=now)

    assert (renamed.slug, twin.slug, renamed.is_open) == ("after-the-parcel", "after-the-parcel-2", True)
    with pytest.raises(SurveyRefused):
        move_survey(survey=renamed, to=SurveyStatus.DRAFT, by=lead, now=now)


def test_a_question_that_was_answered_keeps_its_kind_and_the_choices_that_were_made(
    lead: Member, survey: Survey, now: datetime
) -> None:
    choices = [{"label": "Shop"}, {"label": "Fair"}, {"label": "Mail"}]
    asked = Asked(QuestionKind.CHOICE, "Where?", choices=choices)
    question = add_question(survey=survey, asked=asked, by=lead, now=now)
    said(survey, now, None, **{f"q{question.pk}": "fair"})

    with pytest.raises(SurveyRefused, match="its kind stays"):
        change_question(question=question, asked=NPS, by=lead, now=now)
    without = Asked(QuestionKind.CHOICE, "Where?", choices=[choices[0], choices[2]])
    with pytest.raises(SurveyRefused, match="was chosen by somebody"):
        change_question(question=question, asked=without, by=lead, now=now)
    another = Asked(QuestionKind.CHOICE, "Where then?", choices=[*choices[:2], {"label": "Friend"}])
    kept = change_question(question=question, asked=another, by=lead, now=now)

    assert [choice["key"] for choice in kept.choices] == ["shop", "fair", "friend"]


@pytest.mark.parametrize(
    "asked",
    [
        Asked(QuestionKind.NPS, "  "),
        Asked(QuestionKind.CHOICE, "Where?", choices=[{"label": "Shop"}]),
        Asked(QuestionKind.CHOICE, "Where?", choices=[{"label": "Shop"}, {"label": "shop"}]),
        Asked(QuestionKind.CHOICE, "Where?", choices=[{"label": "!"}, {"label": "Fair"}]),
        Asked(QuestionKind.SEVERAL, "Where?", choices=[{"label": str(n)} for n in range(21)]),
    ],
)
def test_questions_that_nobody_could_answer_are_refused(
    lead: Member, survey: Survey, now: datetime, asked: Asked
) -> None:
    with pytest.raises(SurveyRefused):
        add_question(survey=survey, asked=asked, by=lead, now=now)


def test_an_attribute_that_cannot_keep_the_answers_is_refused(lead: Member, survey: Survey, now: datetime) -> None:
    day = AttributeFactory.create(workspace=survey.workspace, key="day", kind=AttributeKind.DATE)
    skin = AttributeFactory.create(
        workspace=survey.workspace, key="skin", kind=AttributeKind.CHOICE,
        choices=[{"key": "dry", "label": "Dry", "labels": {}}],
    )  # fmt: skip
    theirs = AttributeFactory.create(key="theirs", kind=AttributeKind.NUMBER)
    choices = [{"label": "Dry"}, {"label": "Oily"}]
    for asked in (
        Asked(QuestionKind.NPS, "?", attribute=day),
        Asked(QuestionKind.NPS, "?", attribute=theirs),
        Asked(QuestionKind.CHOICE, "?", choices=choices, attribute=skin),
    ):
        with pytest.raises(SurveyRefused):
            add_question(survey=survey, asked=asked, by=lead, now=now)


def test_a_follow_up_stays_behind_its_question_and_goes_with_it(
    lead: Member, survey: Survey, score: SurveyQuestion, now: datetime
) -> None:
    asked = Asked(QuestionKind.LONG, "Why?", after=score, shown_from=0, shown_to=6)
    follow_up = add_question(survey=survey, asked=asked, by=lead, now=now)
    with pytest.raises(SurveyRefused, match="stays behind"):
        move_question(question=follow_up, up=True, by=lead, now=now)
    turned = Asked(QuestionKind.LONG, "?", after=score, shown_from=6, shown_to=3)
    with pytest.raises(SurveyRefused, match="from which score"):
        add_question(survey=survey, asked=turned, by=lead, now=now)
    said(survey, now, None, **{f"q{score.pk}": 9})
    remove_question(question=score, by=lead, now=now)

    assert current_questions(survey) == []
    assert list(SurveyQuestion.objects.all()) == [score]  # it was answered, so the results keep it


def test_names_are_kept_or_not_from_the_first_answer_on(
    lead: Member, survey: Survey, score: SurveyQuestion, now: datetime
) -> None:
    said(survey, now, None, **{f"q{score.pk}": 9})

    with pytest.raises(SurveyRefused, match="cannot change any more"):
        change_survey(survey=survey, content={"is_anonymous": True}, by=lead, now=now)


def test_results_carry_their_interval_and_count_each_person_once(
    lead: Member, survey: Survey, score: SurveyQuestion, now: datetime
) -> None:
    Survey.objects.update(may_answer_again=True)
    people = scored(survey, now, score, 10, 9, 9, 7, 3)
    said(survey, now, people[4], **{f"q{score.pk}": 10})

    results = results_of(survey, lead)

    found = results.nps
    assert found is not None
    assert found.score is not None
    assert (results.responses, results.repeated, found.answered) == (5, 1, 5)
    assert found.score.value == pytest.approx(80)
    assert -100 <= found.score.low < 80 < found.score.high <= 100
    assert [bar.count for bar in found.bars] == [0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2]
    assert [bar.count for bar in found.groups] == [4, 1, 0]


def test_the_score_goes_over_the_months_with_earlier_answers(
    lead: Member, survey: Survey, score: SurveyQuestion, now: datetime
) -> None:
    scored(survey, now - timedelta(days=70), score, 0, 10)
    scored(survey, now, score, 10, 10, 10)

    chart = results_of(survey, lead).over_time

    assert chart is not None
    assert list(chart.series[0].values) == [0, 100]
    assert all(low <= value <= high for value, low, high in zip(*(line.values for line in chart.series), strict=True))


def test_comments_are_found_by_the_score_beside_them(
    lead: Member, survey: Survey, score: SurveyQuestion, why: SurveyQuestion, now: datetime
) -> None:
    for number, words in ((2, "Too dear"), (10, "Lovely")):
        contact = ContactFactory.create(workspace=survey.workspace)
        said(survey, now, contact, **{f"q{score.pk}": number, f"q{why.pk}": words})

    assert [value.text for value in comments_of(survey, lead, "detractor")] == ["Too dear"]
    assert comments_of(survey, lead).count() == 2


def test_a_seller_sees_answers_of_own_people_alone(
    seller: Member,
    survey: Survey,
    score: SurveyQuestion,
    why: SurveyQuestion,
    now: datetime,
    browse: Callable[[Member], Client],
    api: Callable[[Member], APIClient],
) -> None:
    mine = ContactFactory.create(workspace=survey.workspace, seller=seller)
    others = ContactFactory.create(workspace=survey.workspace)
    own = said(survey, now, mine, **{f"q{score.pk}": 3, f"q{why.pk}": "Mine"})
    foreign = said(survey, now, others, **{f"q{score.pk}": 9, f"q{why.pk}": "Foreign"})
    nameless = said(survey, now, None, **{f"q{why.pk}": "Nameless"})
    client, slug = browse(seller), survey.workspace.slug

    page = client.get(reverse("audience:survey_detail", kwargs={"workspace": slug, "pk": survey.pk}))
    found = api(seller).get(reverse("api:survey-answer-list")).json()

    assert [value.text for value in page.context["comments"]] == ["Mine"]
    assert page.context["results"].responses == 1
    assert [row["id"] for row in found["results"]] == [own.pk]
    codes = [
        client.get(reverse("audience:answer_detail", kwargs={"workspace": slug, "pk": answer.pk})).status_code
        for answer in (own, foreign, nameless)
    ]
    assert codes == [200, 404, 404]


def test_nothing_of_another_workspace_exists(
    outsider: Member, survey: Survey, score: SurveyQuestion, now: datetime, api: Callable[[Member], APIClient]
) -> None:
    answer = said(survey, now, None, **{f"q{score.pk}": 3})
    client = api(outsider)

    assert client.get(reverse("api:survey-answer-detail", args=[answer.pk])).status_code == 404
    assert client.get(reverse("api:survey-results", args=[survey.pk])).status_code == 404
    sent = {"survey": survey.pk, "values": {str(score.pk): 3}}
    assert client.post(reverse("api:survey-answer-list"), sent, format="json").status_code == 400
    made = client.post(reverse("api:answer-story-list"), {"answer": answer.pk}, format="json")
    assert made.status_code == 404


@pytest.mark.parametrize("values", [{}, {"x": 1}, {"0": 1}, {"score": 11}, {"score": "much"}, {"score": [1]}])
def test_the_api_refuses_what_is_no_answer(
    lead: Member, survey: Survey, score: SurveyQuestion, api: Callable[[Member], APIClient], values: dict[str, Any]
) -> None:
    sent = {str(score.pk) if key == "score" else key: value for key, value in values.items()}

    answer = api(lead).post(reverse("api:survey-answer-list"), {"survey": survey.pk, "values": sent}, format="json")

    assert answer.status_code == 400
    assert not SurveyAnswer.objects.exists()


def test_erasing_a_contact_takes_the_answers_along(survey: Survey, score: SurveyQuestion, now: datetime) -> None:
    (contact,) = scored(survey, now, score, 3)
    said(survey, now, None, **{f"q{score.pk}": 9})

    Contact.objects.filter(pk=contact.pk).delete()

    assert list(AnswerValue.objects.values_list("number", flat=True)) == [9]


def test_of_two_contacts_that_become_one_the_newer_answer_counts(
    lead: Member, survey: Survey, score: SurveyQuestion, now: datetime
) -> None:
    (kept,) = scored(survey, now, score, 3)
    (merged,) = scored(survey, now + timedelta(days=1), score, 9)

    merge_contacts(kept=kept, merged=merged, by=lead, now=now + timedelta(days=2))

    assert set(SurveyAnswer.objects.values_list("contact", "values__number", "is_latest")) == {
        (kept.pk, 3, False),
        (kept.pk, 9, True),
    }


def test_an_answer_stands_on_the_timeline(survey: Survey, score: SurveyQuestion, now: datetime) -> None:
    (contact,) = scored(survey, now, score, 9)

    (moment,) = timeline(contact, kind="survey")

    assert (moment.detail, moment.tone) == ("9", "ok")
    assert moment.href.endswith(f"/answers/{contact.survey_answers.get().pk}/")


def test_answers_go_out_as_a_table(lead: Member, survey: Survey, score: SurveyQuestion, now: datetime) -> None:
    (contact,) = scored(survey, now, score, 9, email="ann@example.org")
    SurveyFactory.create()

    raw = b"".join(export(workspace=lead.workspace, wanted=Wanted(ExportWhat.ANSWERS), by=lead, now=now)).decode()

    lines = raw.splitlines()
    assert len(lines) == 2
    assert all(word in lines[1] for word in (survey.slug, contact.email, "nps", "9"))


def _who(survey: Survey, condition: Condition, now: datetime) -> set[Contact]:
    return set(contacts_in(survey.workspace, Group("all", (condition,)), now))


def test_segments_ask_for_the_latest_answer(survey: Survey, score: SurveyQuestion, now: datetime) -> None:
    Survey.objects.update(may_answer_again=True)
    happy, so_so, sad = scored(survey, now - timedelta(days=5), score, 10, 8, 2)
    silent = ContactFactory.create(workspace=survey.workspace)
    said(survey, now, None, **{f"q{score.pk}": 2})
    said(survey, now, sad, **{f"q{score.pk}": 9})
    number, group, answered = f"survey_score.{score.pk}", f"nps_group.{score.pk}", f"survey.{survey.pk}"

    assert _who(survey, Condition(number, "between", [7, 9]), now) == {so_so, sad}
    assert _who(survey, Condition(number, "is_not_set"), now) == {silent}
    assert _who(survey, Condition(group, "any_of", ["promoter"]), now) == {happy, sad}
    assert _who(survey, Condition(group, "none_of", ["promoter"]), now) == {so_so, silent}
    assert _who(survey, Condition(group, "any_of", ["detractor"]), now) == set()
    assert _who(survey, Condition(answered, "never"), now) == {silent}
    assert _who(survey, Condition(answered, "in_last_days", 2), now) == {sad}
    assert _who(survey, Condition(answered, "at_least", 2), now) == {sad}


def test_segments_ask_for_choices_and_yes_and_no(survey: Survey, now: datetime) -> None:
    choices: list[dict[str, Any]] = [{"key": key, "label": key.title(), "labels": {}} for key in ("shop", "fair")]
    both = QuestionFactory.create(survey=survey, kind=QuestionKind.SEVERAL, choices=choices)
    one = QuestionFactory.create(survey=survey, kind=QuestionKind.CHOICE, choices=choices)
    yes = QuestionFactory.create(survey=survey, kind=QuestionKind.YES_NO)
    ann, bob = ContactFactory.create_batch(2, workspace=survey.workspace)
    said(survey, now, ann, **{f"q{both.pk}": ["shop", "fair"], f"q{one.pk}": "shop", f"q{yes.pk}": True})
    said(survey, now, bob, **{f"q{both.pk}": ["shop"], f"q{yes.pk}": False})

    assert _who(survey, Condition(f"survey_choice.{both.pk}", "all_of", ["shop", "fair"]), now) == {ann}
    assert _who(survey, Condition(f"survey_choice.{both.pk}", "any_of", ["shop"]), now) == {ann, bob}
    assert _who(survey, Condition(f"survey_choice.{one.pk}", "none_of", ["shop"]), now) == {bob}
    assert _who(survey, Condition(f"survey_choice.{one.pk}", "is_set"), now) == {ann}
    assert _who(survey, Condition(f"survey_yes.{yes.pk}", "is_false"), now) == {bob}


def test_an_answer_becomes_one_story_and_both_lead_to_each_other(
    lead: Member, survey: Survey, why: SurveyQuestion, now: datetime, browse: Callable[[Member], Client]
) -> None:
    contact = ContactFactory.create(workspace=survey.workspace)
    answer = said(survey, now, contact, **{f"q{why.pk}": "Smaller bottles, please"})
    client, slug = browse(lead), survey.workspace.slug
    address = reverse("sprints:story_answer", kwargs={"workspace": slug, "pk": answer.pk})
    results = reverse("audience:survey_detail", kwargs={"workspace": slug, "pk": survey.pk})

    offered = client.get(results).content.decode()
    draft = client.get(address)
    made = client.post(address, {**first_draft(answer), "kind": "content"})
    story = StoryOrigin.objects.get().story

    assert address in offered
    assert "Smaller bottles, please" in draft.content.decode()
    assert made.headers["Location"] == reverse("sprints:story_detail", kwargs={"workspace": slug, "pk": story.pk})
    assert (story.origin.kind, story.origin.contact) == ("answer", contact)
    assert f"#{story.number}" in client.get(results).content.decode()
    assert f"/answers/{answer.pk}/" in client.get(made.headers["Location"]).content.decode()
    assert client.get(address).headers["Location"] == made.headers["Location"]
    with pytest.raises(AnswerHasStory):
        story_of_answer(answer=answer, fields=first_draft(answer), parts=Parts(), by=lead, now=now)


def test_the_database_keeps_one_latest_answer_a_person(survey: Survey) -> None:
    first = AnswerFactory.create(survey=survey)

    with pytest.raises(IntegrityError), transaction.atomic():
        AnswerFactory.create(survey=survey, contact=first.contact)


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_sent_at_once_one_is_kept(survey: Survey, score: SurveyQuestion, now: datetime) -> None:
    contact = ContactFactory.create(workspace=survey.workspace)
    guest = Guest(survey, contact, None, AnswerSource.MAIL)

    def send(ticket: int) -> SurveyAnswer:
        return take_answer(guest=guest, given={score.pk: ticket}, ticket=ticket, now=now)

    found = together(lambda: send(3), lambda: send(9))

    assert sum(isinstance(one, AnsweredAlready) for one in found) == 1
    assert SurveyAnswer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_page_sent_twice_at_once_is_one_answer(survey: Survey, score: SurveyQuestion, now: datetime) -> None:
    guest = Guest(survey, None, None, AnswerSource.LINK)

    def send() -> int:
        return take_answer(guest=guest, given={score.pk: 9}, ticket=4711, now=now).pk

    found = together(send, send, send)

    assert len(set(found)) == 1
    assert SurveyAnswer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_stories_made_at_once_one_is_written(
    lead: Member, survey: Survey, score: SurveyQuestion, now: datetime
) -> None:
    answer = said(survey, now, None, **{f"q{score.pk}": 9})

    def make() -> int:
        fields = {"title": "Smaller bottles"}
        return story_of_answer(answer=answer, fields=fields, parts=Parts(), by=lead, now=now).pk

    found = together(make, make)

    assert sum(isinstance(one, AnswerHasStory) for one in found) == 1
    assert StoryOrigin.objects.count() == 1


def test_the_pages_of_results_cost_the_same_for_one_answer_and_for_many(
    lead: Member,
    survey: Survey,
    score: SurveyQuestion,
    why: SurveyQuestion,
    now: datetime,
    browse: Callable[[Member], Client],
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(25):
        contact = ContactFactory.create(workspace=survey.workspace)
        said(survey, now, contact, **{f"q{score.pk}": 9, f"q{why.pk}": "Lovely"})
    client, slug = browse(lead), survey.workspace.slug

    for name, kwargs, most in (
        ("audience:survey_list", {}, 14),
        ("audience:survey_detail", {"pk": survey.pk}, 26),
    ):
        address = reverse(name, kwargs={"workspace": slug, **kwargs})
        client.get(address)
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200


def test_the_preview_draws_what_stands_in_the_form_and_keeps_nothing(
    lead: Member, survey: Survey, score: SurveyQuestion, browse: Callable[[Member], Client]
) -> None:
    client, slug = browse(lead), survey.workspace.slug
    typed: dict[str, Any] = {"survey": survey.pk, "title": "Typed title", "thanks": ""}
    asked = {"text": "Typed question?", "kind": "choice", "choices": "Shop\nFair | | Ярмарка"}

    page = client.get(reverse("audience:survey_preview", kwargs={"workspace": slug}), typed).content.decode()
    question = client.get(
        reverse("audience:question_preview", kwargs={"workspace": slug, "survey_pk": survey.pk}), asked
    ).content.decode()

    survey.refresh_from_db()
    assert "Typed title" in page
    assert survey.title == "How are we doing?"
    assert all(word in question for word in ("Typed question?", "Shop", "Fair"))
    assert SurveyQuestion.objects.count() == 1
