"""From a mail to a survey: the same link on both ways to a message, and a door that keeps nothing."""

import re
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from audience.models import AnswerSource, SurveyAnswer
from audience.services.survey_answers import guest_of, survey_token
from audience.survey_asked import asked_by_mail
from campaigns.models import ContentFormat, ContentVersion
from campaigns.preflight import Level
from campaigns.rendering import template_from_source
from campaigns.survey_parts import survey_checks, survey_parts
from delivery.links import survey_url
from delivery.models import DeliveryState, Hit
from delivery.urls import urlpatterns
from tests.delivery.mime.conftest import opened, reader, scene
from tests.factories.audience import QuestionFactory, SurveyFactory
from tests.factories.delivery import DeliveryFactory
from workspaces.models import AuditEntry, Workspace

BLOCKS = (
    '[Would you?]({{ survey_url }}/after-the-parcel?q=7 "nps")',
    "[Yes]({{ survey_url }}/after-the-parcel?q=7&v=yes) · [No]({{ survey_url }}/after-the-parcel?q=7&v=no)",
    "{% if contact.first_name %}[Tell us]({{ survey_url }}/after-the-parcel){% endif %}",
)


@pytest.mark.parametrize("source", BLOCKS)
def test_a_survey_in_a_mail_takes_the_fast_way_and_reads_as_on_the_other(source: str) -> None:
    html = template_from_source(written_as=ContentFormat.MARKDOWN, source=source, preheader="", language="en")
    at = scene(html)
    compiled = at.compiled()

    wires = [compiled.wire(number, "ann@example.org", reader("Ann")) for number in (1, 2)]

    assert compiled.is_compiled
    assert compiled.reference_count == 0
    for number, wire in zip((1, 2), wires, strict=True):
        assert opened(wire) == opened(at.reference("ann@example.org", reader("Ann"), number))
        assert survey_url(number).encode() in opened(wire).html


def test_the_row_of_scores_is_a_table_with_a_link_for_each_score() -> None:
    html = template_from_source(written_as=ContentFormat.MARKDOWN, source=BLOCKS[0], preheader="", language="en")

    links = re.findall(r'href="(\{\{ survey_url \}\}/after-the-parcel\?q=7&amp;v=\d+)"', html)
    row = html.partition("Would you?")[2].partition("</table>")[0]
    assert [link.rpartition("=")[2] for link in links] == [str(score) for score in range(11)]
    assert row.count("<td") == 11
    assert "<style" not in row
    assert "flex" not in row


@pytest.mark.django_db
def test_the_door_leads_to_the_readers_own_page_with_the_answer_and_keeps_nothing(client: Client) -> None:
    delivery = DeliveryFactory.create(state=DeliveryState.SENT)
    survey = SurveyFactory.create(workspace=delivery.workspace)
    QuestionFactory.create(survey=survey)

    for _ in range(20):
        answer = client.get(f"{survey_url(delivery.pk)}/{survey.slug}?v=9&u=https://evil.example")

    token = survey_token(survey, delivery.contact, delivery.pk)
    assert answer.headers["Location"] == f"{reverse('audience:survey_page', args=[token])}?v=9"
    assert guest_of(token).source == AnswerSource.MAIL
    assert not SurveyAnswer.objects.exists()
    assert not Hit.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_surveys_of_others_and_forged_tokens_are_not_ours(client: Client) -> None:
    delivery = DeliveryFactory.create(state=DeliveryState.SENT)
    foreign = SurveyFactory.create()

    assert client.get(f"{survey_url(delivery.pk)}/{foreign.slug}").status_code == 404
    assert client.get(f"{survey_url(delivery.pk)[:-1]}x/{foreign.slug}").status_code == 404
    assert client.post(f"{survey_url(delivery.pk)}/{foreign.slug}").status_code == 405


@pytest.mark.django_db
def test_who_got_a_mail_with_the_survey_was_asked() -> None:
    delivery = DeliveryFactory.create(state=DeliveryState.SENT)
    DeliveryFactory.create(run=delivery.run, state=DeliveryState.QUEUED)
    survey = SurveyFactory.create(workspace=delivery.workspace, slug="parcel")
    other = SurveyFactory.create(workspace=delivery.workspace, slug="par")
    ContentVersion.objects.update(html='<a href="{{ survey_url }}/parcel?v=9">9</a>')

    assert asked_by_mail([survey, other]) == {survey.pk: 1}


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "level"), [("open", Level.OK), ("draft", Level.STOP), ("", Level.STOP)])
def test_a_mail_does_not_go_out_with_a_survey_that_takes_nothing(status: str, level: Level, now: datetime) -> None:
    campaign = DeliveryFactory.create().run.campaign
    if status:
        SurveyFactory.create(workspace=campaign.workspace, slug="parcel", status=status)
    campaign.content = campaign.content or campaign.run.content
    campaign.content.html = '<a href="{{ survey_url }}/parcel?v=9">9</a>'

    assert [finding.level for finding in survey_checks(campaign, now)] == [level]


@pytest.mark.django_db
@pytest.mark.parametrize("written_as", [ContentFormat.MARKDOWN, ContentFormat.HTML])
@pytest.mark.parametrize("kind", ["nps", "yes_no", "choice", "rating"])
def test_every_survey_is_offered_to_insert_and_works(workspace: Workspace, kind: str, written_as: str) -> None:
    survey = SurveyFactory.create(workspace=workspace, name="[After] the parcel", slug="parcel")
    choices: list[dict[str, object]] = [{"key": key, "label": key.title(), "labels": {}} for key in ("shop", "fair")]
    QuestionFactory.create(survey=survey, kind=kind, text="Would you? *Really*", choices=choices)
    SurveyFactory.create(workspace=workspace, status="closed")

    parts = survey_parts(workspace, written_as)
    html = template_from_source(
        written_as=written_as, source="\n\n".join(part.code for part in parts), preheader="", language="en"
    )

    assert len(parts) == 2
    assert "Would you? *Really*" in html
    assert html.count('href="{{ survey_url }}/parcel') == {"nps": 12, "yes_no": 3, "choice": 3, "rating": 6}[kind]


def test_addresses_in_mails_that_were_sent_stay() -> None:
    assert "t/s/<str:token>/<slug:survey>" in {str(pattern.pattern) for pattern in urlpatterns}
