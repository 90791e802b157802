"""The pages of principles."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from strategy.models import Principle
from tests.factories.strategy import PrincipleFactory
from workspaces.models import Member

Browse = Callable[[Member], Client]


def _url(name: str, **kwargs: Any) -> str:
    return reverse(f"strategy:{name}", kwargs={"workspace": "maren-moss", **kwargs})


def _text(answer: Any) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def test_without_a_principle_the_list_says_what_one_is(lead: Member, guest: Member, browse: Browse) -> None:
    for member, offers in ((lead, True), (guest, False)):
        page = _text(browse(member).get(_url("principle_list")))

        assert "No principle yet" in page
        assert (f'href="{_url("principle_new")}"' in page) == offers


def test_a_rule_is_shown_with_reason_example_and_when_to_look_again(
    lead: Member, browse: Browse, now: datetime
) -> None:
    for rule, days in (("Teach first", -1), ("Never on Sundays", 30)):
        PrincipleFactory.create(
            workspace=lead.workspace, rule=rule, example="The SPF guide", review_date=now.date() + timedelta(days=days)
        )

    page = _text(browse(lead).get(_url("principle_list")))

    for words in ("Teach first", "Readers stay for what they learn.", "For example: The SPF guide"):
        assert words in page, words
    assert page.count("To look at again since") == 1
    assert page.count("To look at again on") == 1


def test_the_list_takes_the_same_queries_for_many_principles(
    lead: Member, browse: Browse, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        PrincipleFactory.create(workspace=lead.workspace)
    client = browse(lead)
    client.get(_url("principle_list"))

    with django_assert_max_num_queries(13):
        client.get(_url("principle_list"))


def test_a_principle_is_written_down(lead: Member, owner: Member, browse: Browse) -> None:
    data = {"rule": "Never on Sundays", "reason": "People rest.", "owner": owner.pk, "review_date": "2027-01-01"}

    answer = browse(lead).post(_url("principle_new"), data)

    assert answer.headers["Location"] == _url("principle_list")
    principle = Principle.objects.get()
    assert (principle.rule, principle.owner, str(principle.review_date)) == ("Never on Sundays", owner, "2027-01-01")


def test_a_rule_without_a_reason_is_refused(lead: Member, browse: Browse) -> None:
    answer = browse(lead).post(_url("principle_new"), {"rule": "Never", "reason": " ", "owner": lead.pk})

    assert answer.status_code == 422
    assert not Principle.objects.exists()


def test_a_principle_is_reworded(lead: Member, browse: Browse) -> None:
    principle = PrincipleFactory.create(workspace=lead.workspace)
    client = browse(lead)
    assert principle.rule in _text(client.get(_url("principle_edit", pk=principle.pk)))

    client.post(
        _url("principle_edit", pk=principle.pk), {"rule": "Never on Sundays", "reason": "Rest.", "owner": lead.pk}
    )

    principle.refresh_from_db()
    assert (principle.rule, principle.reason) == ("Never on Sundays", "Rest.")


def test_what_is_followed_no_more_is_kept_apart(lead: Member, browse: Browse) -> None:
    principle = PrincipleFactory.create(workspace=lead.workspace)
    client = browse(lead)

    client.post(_url("principle_archive", pk=principle.pk))
    followed, archived = (_text(client.get(f"{_url('principle_list')}{query}")) for query in ("", "?show=archived"))

    assert f'class="row__title">{principle.rule}' not in followed
    assert principle.rule in archived
    assert "Followed until" in archived
    assert _url("principle_edit", pk=principle.pk) not in archived


def test_a_principle_followed_no_more_refuses_rewording_in_words(lead: Member, browse: Browse, now: datetime) -> None:
    principle = PrincipleFactory.create(workspace=lead.workspace, archived_at=now)

    answer = browse(lead).post(
        _url("principle_edit", pk=principle.pk), {"rule": "Never", "reason": "Rest.", "owner": lead.pk}
    )

    assert answer.status_code == 422
    assert "no longer followed" in _text(answer)
