"""Makes the messages of a run from rows of the ledger."""

import json
from collections.abc import Iterable
from typing import Any

from delivery.desk import Held
from delivery.messages import envelope_sender, sender_domain
from delivery.mime import compile_mail
from delivery.models import Run
from delivery.signing import signer_for
from delivery.smtp.parcels import Parcel


class Letterpress:
    """What is the same for all readers, made once; `parcel` adds what is one reader's own, and the signatures.

    `is_signed_later` says that whoever takes the mail signs it. Raises `RelayTrouble` for a key that cannot be read.
    """

    def __init__(self, run: Run, *, is_signed_later: bool = False) -> None:
        sender = run.campaign.sender
        if sender is None:
            raise ValueError("preflight lets no campaign without a sender pass")
        signer = None if is_signed_later else signer_for(run.workspace, sender_domain(sender))
        self._mail = compile_mail(run.content, sender, run.campaign, signer)
        self._from = envelope_sender(sender)

    def held(self, rows: Iterable[tuple[Any, ...]]) -> list[Held]:
        """Rows as `ledger.take` gives them, with the contact's part of what their messages are filled with."""
        return [
            Held(pk, address, attempt, _context(*values) if contact_id else None)
            for pk, address, attempt, contact_id, *values in rows
        ]

    def parcel(self, held: Held) -> Parcel:
        """The message of a row. Raises `RenderFailed`, and ValueError for one that cannot be written down."""
        if held.context is None:
            raise ValueError("a row without a contact is never intended")
        return Parcel(held.pk, self._from, held.address, self._mail.wire(held.pk, held.address, held.context))


def _context(email: str, first_name: str, last_name: str, language: str, attributes: str) -> dict[str, Any]:
    """A `campaigns.rendering.contact_context`, from the columns themselves: an object for each would cost as much."""
    names = {"first_name": first_name, "last_name": last_name, "full_name": f"{first_name} {last_name}".strip()}
    return {"contact": {"email": email, **names, "language": language, "attributes": json.loads(attributes)}}
