"""What an erasure leaves alone here."""

from django.utils.translation import gettext_lazy as _

from audience.erasing import leave_unsearched


def leave_senders_alone() -> None:
    """A sender's address is the business's, and a text that was approved must stay what was approved."""
    for model in ("campaigns.Sender", "campaigns.ContentVersion"):
        leave_unsearched(model, _("Mail servers, senders and what was approved stay as they are."))
