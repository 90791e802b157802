"""What this app knows about readers, told where the audience app offers a place."""

from django.utils.translation import gettext_lazy as _

from audience.segments.fields import register_fields
from audience.services.preferences import register_leaver
from audience.timeline import register_timeline
from delivery.contact_timeline import mail_moments
from delivery.reactions import note_left
from delivery.segment_fields import mail_fields


def register_readers() -> None:
    """Segments ask about mails, timelines show them, and who leaves by the page of choices counts for the mail."""
    register_fields(mail_fields)
    register_timeline(mail_moments, {"mail": _("Mails and reactions")})
    register_leaver(note_left)
