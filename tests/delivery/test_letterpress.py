"""The press fills messages with exactly what a contact's own fields say."""

import pytest

from campaigns.rendering import contact_context
from delivery import ledger
from delivery.letterpress import Letterpress
from delivery.models import Run
from tests.delivery.conftest import Clock
from tests.delivery.hands import Hands
from tests.factories.delivery import run_to
from workspaces.models import Workspace


@pytest.mark.parametrize(
    "fields",
    [
        {"first_name": "Мая", "last_name": "Иванова", "language": "bg", "attributes": {"points": 7, "city": "София"}},
        {"first_name": "", "last_name": "O'Brien", "language": "", "attributes": {}},
        {"first_name": " Ann ", "last_name": "", "language": "en", "attributes": {"a": None, "b": [1, {"c": True}]}},
    ],
)
def test_a_row_is_filled_with_what_the_reference_is_filled_with(
    workspace: Workspace, clock: Clock, fields: dict[str, object]
) -> None:
    run, (row,) = run_to(workspace, 1)
    contact = row.contact
    assert contact
    for name, value in fields.items():
        setattr(contact, name, value)
    contact.save()
    with ledger.open_lane(run, clock) as lane:
        (held,) = Hands(run, lane).take(10, clock())

    assert held.context == contact_context(contact)
    assert (held.pk, held.address, held.attempt) == (row.pk, row.address, 1)


def test_a_row_whose_contact_is_gone_has_nothing_to_be_filled_with(workspace: Workspace, clock: Clock) -> None:
    run, (row,) = run_to(workspace, 1)
    row.contact = None
    row.save()
    with ledger.open_lane(run, clock) as lane:
        (held,) = Hands(run, lane).take(10, clock())

    assert held.context is None
    with pytest.raises(ValueError, match="never sent"):
        Letterpress(Run.objects.with_parts().get(pk=run.pk)).parcel(held)
