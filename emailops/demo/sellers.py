"""Who at Maren & Moss looks after whom: the members of the loyalty club are handed to Tomas."""

from datetime import datetime, timedelta

from audience.finding import ContactFilter
from audience.many import run_bulk
from audience.models import BulkAction, Contact
from audience.services import Crowd, save_contact, start_bulk
from emailops.demo.audience import ticking
from emailops.demo.stage import Stage
from workspaces.models import Member
from workspaces.permissions import Role

KEY_ACCOUNTS = 60


def hand_over_members(stage: Stage, now: datetime) -> None:
    """Elena hands the key accounts over in one go, and tags them; Tomas notes a phone number."""
    people = Contact.objects.for_workspace(stage.workspace).filter(attributes__contains={"vip": True})
    ids = list(people.order_by("pk").values_list("pk", flat=True)[:KEY_ACCOUNTS])
    if not ids:
        return
    seller = Member.objects.for_workspace(stage.workspace).get(role=Role.SELLER)
    crowd = Crowd(ids, ContactFilter())
    for action, detail in (
        (BulkAction.ADD_TAG, {"tag": "key account"}),
        (BulkAction.HAND_OVER, {"seller": seller.pk}),
    ):
        edit = start_bulk(action=action, detail=detail, crowd=crowd, by=stage.lead, now=now)
        run_bulk(edit.pk, ticking(now + timedelta(minutes=1), timedelta(milliseconds=400)))
    first = people.order_by("pk")[0]
    save_contact(
        workspace=stage.workspace,
        contact=first,
        email=first.email,
        fields={"phone": "+359 88 555 01 42", "country": "BG", "city": "Sofia"},
        by=seller,
        now=now + timedelta(hours=1),
    )
