"""The first page of a segment's people, found among the newest contacts."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audience.models import Segment
from audience.segments import newest
from audience.views import contacts
from tests.factories.audience import ContactFactory, SegmentFactory
from workspaces.models import Member, Workspace

BULGARIANS = {"match": "all", "rules": [{"field": "language", "op": "any_of", "value": ["bg"]}]}


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, "PAGE_SIZE", 2)


@pytest.fixture
def segment(workspace: Workspace, now: datetime) -> Segment:
    """Of five contacts the newest, the third and the two oldest are in it."""
    for day, language in enumerate(("bg", "en", "bg", "bg", "bg")):
        ContactFactory.create(
            workspace=workspace, first_name=f"Nr{day}", language=language, created_at=now - timedelta(days=day)
        )
    made: Segment = SegmentFactory.create(workspace=workspace, definition=BULGARIANS)
    return made


def _names(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"Nr\d", page)))


@pytest.mark.parametrize("near", [1, 3, 4, 5, 6])
def test_people_are_paged_alike_however_few_are_asked_first(
    segment: Segment, lead: Member, browse: Callable[[Member], Client], monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr(newest, "NEAR", near)
    address = f"/w/maren-moss/contacts/?segment={segment.pk}"

    first = browse(lead).get(address).content.decode()
    older = re.findall(r"older=(\d+-\d+)", first)[0]
    second = browse(lead).get(f"{address}&older={older}").content.decode()

    assert (_names(first), _names(second)) == (["Nr0", "Nr2"], ["Nr3", "Nr4"])
