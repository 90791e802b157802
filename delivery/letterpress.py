"""Makes the messages of a run from rows of the ledger."""

from delivery.ledger import Held
from delivery.messages import envelope_sender
from delivery.mime import compile_mail
from delivery.models import Run
from delivery.smtp.parcels import Parcel


class Letterpress:
    """What is the same for all readers, made once; `parcel` adds what is one reader's own."""

    def __init__(self, run: Run) -> None:
        sender = run.campaign.sender
        if sender is None:
            raise ValueError("preflight lets no campaign without a sender pass")
        self._mail = compile_mail(run.content, sender, run.campaign)
        self._from = envelope_sender(sender)

    def parcel(self, held: Held) -> Parcel:
        """The message of a row. Raises `RenderFailed`, and ValueError for one that cannot be written down."""
        if held.context is None:
            raise ValueError("a row without a contact is never sent")
        return Parcel(held.pk, self._from, held.address, self._mail.wire(held.pk, held.address, held.context))
