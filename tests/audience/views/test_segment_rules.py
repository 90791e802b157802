"""Rules written as JSON, badges of slow ones, and filters with several choices."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from audience.models import Segment
from audience.segments import speed
from audience.segments.builder import (
    GroupDraft,
    RuleDraft,
    boxes,
    definition_of,
    drafts_from_definition,
    drafts_from_form,
)
from audience.segments.compile import sentence
from audience.segments.definition import Filter
from audience.segments.fields import fields_of
from tests.factories.audience import SegmentFactory
from workspaces.models import Member, Workspace

pytestmark = pytest.mark.django_db
RULE = {"match": "all", "rules": [{"field": "email", "op": "contains", "value": "@example.org"}]}
BOUGHT = RuleDraft("order", "at_least", ("2",), "", (("status", "any_of", ("paid", "returned")),))


def _address(workspace: Workspace, name: str, **parts: int) -> str:
    return reverse(f"audience:{name}", kwargs={"workspace": workspace.slug, **parts})


def test_a_segment_can_be_made_of_json(workspace: Workspace, lead: Member, browse: Callable[[Member], Client]) -> None:
    sent = {"name": "Ours", "description": "", "definition": json.dumps(RULE)}

    answer = browse(lead).post(_address(workspace, "segment_new_json"), sent)

    made = Segment.objects.get()
    assert answer.headers["Location"] == _address(workspace, "segment_edit", pk=made.pk)
    assert made.definition["rules"] == RULE["rules"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Ours", "{", "line 1, column 2"),
        ("Ours", '{"match": "all", "rules": [{"field": "email"}]}', "At rules[0]"),
        ("Ours", '{"match": "all", "rules": [{"field": "shoe", "op": "is", "value": 1}]}', "shoe"),
        ("Taken", json.dumps(RULE), "Taken"),
        ("", json.dumps(RULE), "required"),
    ],
)
def test_json_that_is_wrong_is_kept_and_said_where(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client], name: str, text: str, words: str
) -> None:
    SegmentFactory.create(workspace=workspace, name="Taken")

    answer = browse(lead).post(_address(workspace, "segment_new_json"), {"name": name, "definition": text})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Segment.objects.count() == 1


def test_a_filter_takes_several_choices_and_gives_them_back(workspace: Workspace) -> None:
    fields = fields_of(workspace)

    definition = definition_of(boxes([GroupDraft(rules=(BOUGHT,))], fields))

    (condition,) = definition.conditions()
    assert condition.where == (Filter("status", "any_of", ["paid", "returned"]),)
    assert drafts_from_definition(definition) == [GroupDraft(rules=(BOUGHT,))]
    assert "Paid" in sentence(definition, fields)
    assert "Sent back" in sentence(definition, fields)


def test_the_page_shows_every_choice_of_a_filter_and_reads_it_as_it_was_sent(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client]
) -> None:
    sent = {
        "g0-match": "all", "g0-r0-field": "order", "g0-r0-was": "order", "g0-r0-op": "at_least", "g0-r0-value": "2",
        "g0-r0-w0-property": "status", "g0-r0-w0-was": "status", "g0-r0-w0-op": "any_of",
        "g0-r0-w0-value": ["paid", "returned"],
    }  # fmt: skip

    answer = browse(lead).get(_address(workspace, "segment_preview"), sent)

    page = answer.content.decode()
    chosen = [value for value in ("open", "paid", "sent", "returned") if f'value="{value}" checked' in page]
    assert chosen == ["paid", "returned"]
    assert drafts_from_form(answer.wsgi_request.GET)[0].rules == (BOUGHT,)


def test_another_property_begins_without_the_values_of_the_one_before() -> None:
    sent: dict[str, Any] = {
        "g0-match": "all", "g0-r0-field": "order", "g0-r0-w0-property": "product", "g0-r0-w0-was": "status",
        "g0-r0-w0-op": "any_of", "g0-r0-w0-value": ["paid"],
    }  # fmt: skip
    data = _query(sent)

    (group,) = drafts_from_form(data)

    assert group.rules[0].where == (("product", "", ()),)


def _query(sent: Mapping[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in sent.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def test_a_slow_segment_says_so_in_the_list_and_on_its_page(
    workspace: Workspace, lead: Member, browse: Callable[[Member], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"match": "all", "rules": [{"field": "share", "op": "within", "value": [10, "spring"]}]}
    segment = SegmentFactory.create(workspace=workspace, definition=rule)
    monkeypatch.setattr(speed, "DEAR", 0)

    listed = browse(lead).get(_address(workspace, "segment_list")).content.decode()
    shown = browse(lead).get(_address(workspace, "segment_edit", pk=segment.pk)).content.decode()

    for page in (listed, shown):
        assert "badge--warn" in page
        assert "draws a lot for each contact" in page


def test_a_quick_segment_has_no_badge(workspace: Workspace, lead: Member, browse: Callable[[Member], Client]) -> None:
    SegmentFactory.create(workspace=workspace)

    assert "badge--warn" not in browse(lead).get(_address(workspace, "segment_list")).content.decode()
