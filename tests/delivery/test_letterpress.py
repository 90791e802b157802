"""The press fills messages with exactly what a contact's own fields say."""

import pytest

from campaigns.rendering import contact_context
from delivery import ledger
from delivery.letterpress import Letterpress
from delivery.models import Run
from tests.delivery.conftest import Clock
from tests.delivery.dkim.conftest import received, tags_of
from tests.delivery.hands import Hands
from tests.factories.delivery import SigningKeyFactory, run_to
from tools.verifiers import dkimpy_accepts
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


def _wire(workspace: Workspace, clock: Clock, *, is_signed_later: bool = False) -> bytes:
    run, _rows = run_to(workspace, 1)
    with ledger.open_lane(run, clock) as lane:
        (held,) = Hands(run, lane).take(10, clock())
    press = Letterpress(Run.objects.with_parts().get(pk=run.pk), is_signed_later=is_signed_later)
    return press.parcel(held).body


def test_a_message_is_signed_with_the_keys_of_its_senders_domain(workspace: Workspace, clock: Clock) -> None:
    key = SigningKeyFactory.create(workspace=workspace, active=True)
    SigningKeyFactory.create(workspace=workspace, active=True, domain="other.example")

    wire = _wire(workspace, clock)

    assert [tags["s"] for tags in tags_of(wire)] == [key.selector]
    assert dkimpy_accepts(received(wire), {key.record_name: key.record}) == {key.selector}


def test_what_others_sign_and_what_has_no_key_leaves_as_it_is(workspace: Workspace, clock: Clock) -> None:
    without = _wire(workspace, clock)
    SigningKeyFactory.create(workspace=workspace, active=True)

    later = _wire(workspace, clock, is_signed_later=True)

    assert tags_of(without) == tags_of(later) == []
