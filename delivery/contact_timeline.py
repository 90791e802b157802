"""What delivery adds to a contact's timeline."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from audience.models import Contact
from audience.timeline import Moment
from delivery.models import Delivery, DeliveryState, Hit, HitKind, Nature

HIT_ICONS = {HitKind.OPEN: "mail-open", HitKind.CLICK: "mouse-pointer-click", HitKind.UNSUBSCRIBE: "ban"}
TONES = {DeliveryState.SENT: "ok", DeliveryState.FAILED: "bad", DeliveryState.UNKNOWN: "warn"}


def mail_moments(contact: Contact, limit: int) -> Iterator[Moment]:
    """Each message, and each reaction to one."""
    slug = contact.workspace.slug
    decided = Delivery.objects.filter(contact=contact, decided_at__isnull=False).select_related("run__campaign")
    for delivery in decided.order_by("-decided_at", "-pk")[:limit]:
        if delivery.decided_at is None:
            continue
        campaign = delivery.run.campaign
        reply = "" if delivery.state == DeliveryState.SENT else delivery.reply_text  # that it was taken, the title says
        detail = " · ".join(filter(None, (delivery.get_reason_display(), reply)))
        href = reverse("campaigns:campaign_detail", kwargs={"workspace": slug, "pk": campaign.pk})
        title = _("%(state)s: “%(campaign)s”") % {"state": delivery.get_state_display(), "campaign": campaign}
        tone = TONES.get(DeliveryState(delivery.state), "")
        yield Moment(delivery.decided_at, "mail", title, detail, href, tone, kind="mail")
    for hit in Hit.objects.filter(contact=contact).select_related("run__campaign").order_by("-at", "-pk")[:limit]:
        title = _("%(did)s: “%(campaign)s”") % {"did": hit.get_kind_display(), "campaign": hit.run.campaign}
        detail = hit.url if hit.nature == Nature.HUMAN else _("by a machine")
        yield Moment(hit.at, HIT_ICONS[HitKind(hit.kind)], title, detail, kind="mail")
