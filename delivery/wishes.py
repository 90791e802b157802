"""What readers wish, asked before a mail goes out: not this topic, not before a day, not so often.

Asked twice: for the whole list when it is made, and for each reader just before SMTP, because people change their minds
while a send is under way, and two sends may be made at once.
"""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from audience.models import Consent, ContactQuerySet, Following, Frequency, PreferencePage, TopicConsent
from delivery.models import Delivery, DeliveryState, Reason, Run

# Half a day, or a short February, less than the word: a letter of every Tuesday comes at 9 one week and at 8 the next.
SPACES = {Frequency.WEEKLY: timedelta(days=6, hours=12), Frequency.MONTHLY: timedelta(days=27, hours=12)}
COUNTED = (DeliveryState.SENT, DeliveryState.UNKNOWN)  # perhaps it arrived: then the next one would be too much

WISHES = """
            WHEN person.paused_until > %(today)s THEN 'paused'
            WHEN declined.id IS NOT NULL THEN 'topic_declined'
            WHEN person.frequency <> '' AND EXISTS (
                 SELECT FROM delivery_delivery AS had
                 WHERE had.contact_id = person.id AND had.run_id <> %(run)s AND had.state IN ('sent', 'unknown')
                   AND had.decided_at > CASE person.frequency WHEN 'weekly' THEN %(weekly_since)s::timestamptz
                                                              ELSE %(monthly_since)s::timestamptz END)
            THEN 'too_often'
"""
"""Branches of the last look, after those of consent and suppression. The database asks for earlier mails of those
people only who want few."""
WISHES_FROM = """
LEFT JOIN audience_topicconsent AS declined
       ON declined.topic_id = %(topic)s::bigint AND declined.contact_id = taken.contact_id
      AND declined.consent = 'withdrawn'
"""

FOLLOWED = """
CASE coalesce(page.following, 'unless_no') WHEN 'unless_no' THEN person.tracking <> 'withdrawn'
                                           WHEN 'if_yes' THEN person.tracking = 'given'
                                           ELSE false END
"""
"""Whether what the reader opens and clicks may be kept with the name, as `PreferencePage.follows` says it."""
FOLLOWED_FROM = "LEFT JOIN audience_preferencepage AS page ON page.workspace_id = taken.workspace_id"


def unfollowed(contacts: ContactQuerySet) -> set[int]:
    """Those of the contacts, by their keys, whose opens and clicks are not kept. One query."""
    pages = PreferencePage.objects.filter(workspace=OuterRef("workspace")).values("following")
    rows = contacts.order_by().values_list("pk", "tracking", Coalesce(Subquery(pages[:1]), Value(Following.UNLESS_NO)))
    return {pk for pk, tracking, following in rows if not PreferencePage(following=following).follows(tracking)}


def wishes_given(run: Run, now: datetime) -> dict[str, object]:
    """What `WISHES` and `WISHES_FROM` need to know, besides the run."""
    return {
        "topic": run.campaign.topic_id,
        "today": _today(run, now),
        "weekly_since": now - SPACES[Frequency.WEEKLY],
        "monthly_since": now - SPACES[Frequency.MONTHLY],
    }


def unwilling(run: Run, now: datetime) -> list[When]:
    """The same as conditions on contacts, for the list of a run that is being made."""
    reasons = [When(paused_until__gt=_today(run, now), then=Value(Reason.PAUSED.value))]
    if run.campaign.topic_id is not None:
        said_no = TopicConsent.objects.filter(contact=OuterRef("pk"), consent=Consent.WITHDRAWN)
        declined = Exists(said_no.filter(topic=run.campaign.topic_id))
        reasons.append(When(declined, then=Value(Reason.TOPIC_DECLINED.value)))
    mails = Delivery.objects.filter(contact=OuterRef("pk"), state__in=COUNTED).exclude(run=run)
    for frequency, space in SPACES.items():
        had = Q(Exists(mails.filter(decided_at__gt=now - space)))
        reasons.append(When(Q(frequency=frequency) & had, then=Value(Reason.TOO_OFTEN.value)))
    return reasons


def _today(run: Run, now: datetime) -> date:
    return now.astimezone(run.workspace.zone).date()
