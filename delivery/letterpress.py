"""Makes the messages of a run from rows of the ledger."""

from functools import cached_property

from delivery.ledger import Held
from delivery.messages import envelope_sender, sender_domain
from delivery.mime import CompiledMail, compile_mail
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
        self._made_of = run.content, sender, run.campaign, signer
        self._mail = compile_mail(*self._made_of)
        self._from = envelope_sender(sender)

    @cached_property
    def _unfollowed(self) -> CompiledMail:
        return compile_mail(*self._made_of, is_followed=False)

    def parcel(self, held: Held) -> Parcel:
        """The message of a row. Raises `RenderFailed`, and ValueError for one that cannot be written down."""
        if held.context is None:
            raise ValueError("a row without a contact is never sent")
        mail = self._mail if held.is_followed else self._unfollowed
        return Parcel(held.pk, self._from, held.address, mail.wire(held.pk, held.address, held.context))
