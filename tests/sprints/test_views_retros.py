"""Retrospectives in the browser."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from emailops.lib.statistics import Estimate
from sprints.models import NoteKind, OutcomeVerdict, RetroAction, RetroNote, RetroPhase, Sprint, Story, Verdict
from sprints.services.retro_rooms import go_to_phase
from sprints.services.retros import agree_action, record_outcome
from sprints.views.retro_pages import EARLIER_AT_FIRST
from tests.factories.approvals import agreed_in, answer, asked, note_in, ready_sprint
from tests.factories.sprints import SprintFactory
from tests.factories.strategy import PrincipleFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
Browse = Callable[[Member], Client]


def _url(name: str, workspace: Workspace, pk: int | None = None) -> str:
    return reverse(f"sprints:{name}", kwargs={"workspace": workspace.slug, **({"pk": pk} if pk else {})})


def _words(page: Any) -> str:
    return unescape(page.content.decode())


@pytest.fixture
def sprint(workspace: Workspace, owner: Member, now: datetime) -> Sprint:
    """A closed sprint with a story that was approved and measured."""
    made = ready_sprint(workspace, number=14, name="Spring glow")
    answer(asked(made, now, to=owner), Verdict.APPROVED, now)
    record_outcome(
        story=made.stories.get(),
        estimate=Estimate(0.036, 0.033, 0.04, 8412),
        metric="click_rate",
        verdict=OutcomeVerdict.REACHED,
        reason="3.6%, as much as promised.",
        revenue=Decimal(1640),
        now=now,
    )
    Sprint.objects.filter(pk=made.pk).update(state="closed", committed_points=38, delivered_points=36, closed_at=now)
    made.refresh_from_db()
    return made


def test_of_many_open_actions_the_older_ones_are_shown_on_request(
    workspace: Workspace, sprint: Sprint, lead: Member, browse: Browse, now: datetime
) -> None:
    earlier = SprintFactory.create(workspace=workspace, number=13, state="closed")
    for number in range(EARLIER_AT_FIRST + 2):
        agree_action(sprint=earlier, text=f"Agreed {number:02}.", owner=lead, by=lead, now=now)
    client, page = browse(lead), _url("retro_detail", workspace, sprint.pk)

    first, everything = _words(client.get(page)), _words(client.get(f"{page}?earlier=all"))

    assert ("Agreed 29." in first, "Agreed 30." in first, "Show 2 older ones" in first) == (True, False, True)
    assert ("Agreed 31." in everything, "older ones" in everything) == (True, False)


def test_the_page_puts_promise_beside_outcome(
    workspace: Workspace, sprint: Sprint, lead: Member, browse: Browse
) -> None:
    PrincipleFactory.create(workspace=workspace, rule="Teach first, sell second")

    page = _words(browse(lead).get(_url("retro_detail", workspace, sprint.pk)))

    for shown in (
        "Retrospective of sprint 14: Spring glow", "of 38 points", "Click rate from 3% to 4%", "3.6%", "(3.3% to 4%)",
        "3.6%, as much as promised.", "€1,640", "promised €1,000–€2,000", "Reached", "Teach first, sell second",
        'aria-label="€1,000–€2,000 promised, €1,640 came"',
    ):  # fmt: skip
        assert shown in page, shown


def test_a_story_that_was_not_measured_says_so(workspace: Workspace, lead: Member, browse: Browse) -> None:
    sprint = ready_sprint(workspace)
    Sprint.objects.update(state="closed")

    page = _words(browse(lead).get(_url("retro_detail", workspace, sprint.pk)))

    assert "Not measured yet" in page
    assert "The owner never approved this promise." in page
    assert "the owner gave no answer" in page


def test_a_sprint_that_is_being_planned_has_no_retrospective(
    workspace: Workspace, lead: Member, browse: Browse
) -> None:
    sprint = SprintFactory.create(workspace=workspace)
    client = browse(lead)

    assert client.get(_url("retro_detail", workspace, sprint.pk)).status_code == 404
    assert client.post(_url("retro_note_add", workspace, sprint.pk), {"kind": "well", "text": "x"}).status_code == 404


def test_a_running_sprint_has_one_already(workspace: Workspace, lead: Member, browse: Browse) -> None:
    sprint = SprintFactory.create(workspace=workspace, running=True)

    page = _words(browse(lead).get(_url("retro_detail", workspace, sprint.pk)))

    assert "Running" in page
    assert "There was no story in this sprint." in page


def test_a_note_is_added_to_its_column(workspace: Workspace, sprint: Sprint, seller: Member, browse: Browse) -> None:
    client = browse(seller)

    sent = client.post(_url("retro_note_add", workspace, sprint.pk), {"kind": "hard", "text": "The feed broke twice"})

    assert sent.headers["Location"] == f"{_url('retro_detail', workspace, sprint.pk)}#notes"
    note = RetroNote.objects.get()
    assert (note.kind, note.author) == (NoteKind.HARD, seller)
    assert "The feed broke twice" in _words(client.get(_url("retro_detail", workspace, sprint.pk)))


@pytest.mark.parametrize("data", [{"text": ""}, {"text": "x" * 501}, {"kind": "mood"}])
def test_a_note_that_cannot_be_taken_says_why_and_keeps_the_words(
    workspace: Workspace, sprint: Sprint, lead: Member, browse: Browse, data: dict[str, str]
) -> None:
    sent = browse(lead).post(
        _url("retro_note_add", workspace, sprint.pk), {"kind": "well", "text": "A good note", **data}
    )

    assert sent.status_code == 422
    assert not RetroNote.objects.exists()


def test_only_ones_own_notes_can_be_taken_back(
    workspace: Workspace, sprint: Sprint, lead: Member, marketer: Member, browse: Browse, now: datetime
) -> None:
    note = note_in(sprint, lead, now)
    remove, page = _url("retro_note_remove", workspace, note.pk), _url("retro_detail", workspace, sprint.pk)
    assert remove in _words(browse(lead).get(page))
    assert remove not in _words(browse(marketer).get(page))

    assert browse(marketer).post(remove).status_code == 404
    go_to_phase(sprint=sprint, phase=RetroPhase.GROUP, by=lead, now=now)
    assert browse(marketer).post(remove).status_code == 409
    assert browse(lead).post(remove).status_code == 302

    assert not RetroNote.objects.exists()


def test_something_is_agreed_with_owner_and_date(
    workspace: Workspace, sprint: Sprint, lead: Member, marketer: Member, browse: Browse
) -> None:
    sent = browse(lead).post(
        _url("retro_action_add", workspace, sprint.pk),
        {"text": "Ask on Monday", "owner": marketer.pk, "due_date": "2026-05-25"},
    )

    assert sent.headers["Location"].endswith("#agreed")
    agreed = RetroAction.objects.get()
    assert (agreed.text, agreed.owner, str(agreed.due_date)) == ("Ask on Monday", marketer, "2026-05-25")


def test_an_agreement_needs_words_and_somebody_of_the_team(
    workspace: Workspace, sprint: Sprint, lead: Member, outsider: Member, browse: Browse
) -> None:
    client, url = browse(lead), _url("retro_action_add", workspace, sprint.pk)

    for data in ({"text": "", "owner": lead.pk}, {"text": "Ask", "owner": outsider.pk}, {"text": "Ask", "owner": ""}):
        assert client.post(url, data).status_code == 422

    assert not RetroAction.objects.exists()


def test_what_was_agreed_becomes_a_story_once(
    workspace: Workspace, sprint: Sprint, lead: Member, browse: Browse, now: datetime
) -> None:
    agreed = agreed_in(sprint, lead, now)
    client, make = browse(lead), _url("retro_action_story", workspace, agreed.pk)
    assert "Make it a story" in _words(client.get(_url("retro_detail", workspace, sprint.pk)))

    for _time in range(2):
        sent = client.post(make, follow=True)

    page = _words(sent)
    assert Story.objects.filter(title=agreed.text).count() == 1
    assert "In the backlog" in page
    assert "Make it a story" not in page


def test_a_guest_reads_and_says_nothing(workspace: Workspace, sprint: Sprint, guest: Member, browse: Browse) -> None:
    page = _words(browse(guest).get(_url("retro_detail", workspace, sprint.pk)))

    assert "<textarea" not in page
    assert "Agree on something" not in page


def test_the_list_shows_begun_sprints_with_their_figures_newest_first(
    workspace: Workspace, sprint: Sprint, lead: Member, browse: Browse
) -> None:
    SprintFactory.create(workspace=workspace, running=True, number=15, name="Running one")
    SprintFactory.create(workspace=workspace, number=16, name="Planned one")

    page = _words(browse(lead).get(_url("retro_list", workspace)))

    main = page[page.index("<main") :]
    assert main.index("Running one") < main.index("Spring glow")
    assert "Planned one" not in main
    for shown in ("of 38 points", "of 1", "€1,640", "0.0 days"):
        assert shown in main


def test_an_empty_list_says_what_it_is_for(workspace: Workspace, lead: Member, browse: Browse) -> None:
    assert "No sprint has begun yet" in _words(browse(lead).get(_url("retro_list", workspace)))


def test_the_pages_cost_the_same_for_many(
    workspace: Workspace,
    owner: Member,
    lead: Member,
    browse: Browse,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(1, 6):
        sprint = ready_sprint(workspace, stories=2, number=number)
        answer(asked(sprint, now, to=owner), Verdict.APPROVED, now)
        for _time in range(3):
            note_in(sprint, lead, now)
            agreed_in(sprint, lead, now)
    Sprint.objects.update(state="closed", committed_points=4, delivered_points=4)
    client = browse(lead)

    with django_assert_max_num_queries(20):
        client.get(_url("retro_list", workspace))
    with django_assert_max_num_queries(43):
        client.get(_url("retro_detail", workspace, sprint.pk))
