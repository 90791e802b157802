"""A contact that is about to be written about, held so that it is not erased or merged away meanwhile."""

from django.utils.translation import gettext as _

from audience.models import Contact
from emailops.lib.errors import DomainError


class ContactGone(DomainError):
    """The person was erased, or became one with another contact, since we looked."""

    code = "contact_gone"


def hold_contact(contact: Contact) -> Contact:
    """The contact as it is now, ours alone until the end of the transaction. Raises `ContactGone`.

    Erasures and merges lock the same row first. Whoever calls `wait_for_erasures` too does so before this.
    """
    row = Contact.objects.select_for_update(of=("self",)).filter(pk=contact.pk).first()
    if row is None:
        raise ContactGone(_("This person is not here any more: erased a moment ago, or merged with another contact."))
    return row
