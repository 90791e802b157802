"""Forms of the campaign pages."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audience.models import Segment, Topic
from campaigns.models import Campaign, ContentFormat, Sender, UnknownPolicy
from sprints.deciders import deciders_for
from sprints.models import AMOUNT_DIGITS, CENTS
from workspaces.forms import DateInput, DateTimeInput, StyledForm, offer
from workspaces.models import Member

LONGEST_SOURCE = 200_000  # characters; Gmail clips the mail at half of that
NOW, LATER = "now", "later"


class NewCampaignForm(StyledForm):
    """A campaign's name; the story's brief says the rest."""

    name = forms.CharField(label=_("Name"), max_length=160, help_text=_("Readers never see it."))


class CampaignForm(StyledForm):
    """What can differ from the brief, which asks for a new approval, and what need not."""

    name = forms.CharField(label=_("Name"), max_length=160, help_text=_("Readers never see it."))
    sender = forms.ModelChoiceField(label=_("From"), queryset=Sender.objects.none(), required=False)
    segment = forms.ModelChoiceField(label=_("Who"), queryset=Segment.objects.none())
    topic = forms.ModelChoiceField(
        label=_("About"),
        queryset=Topic.objects.none(),
        required=False,
        empty_label=_("No topic in particular"),
        help_text=_("Whoever left this topic is left out."),
    )
    offer = forms.CharField(label=_("Offer"), max_length=200, required=False, help_text=_("Empty for no discount."))
    cost = forms.DecimalField(
        label=_("Cost of the offer"), min_value=0, max_digits=AMOUNT_DIGITS, decimal_places=CENTS, initial=0
    )

    unknown_policy = forms.ChoiceField(
        label=_("If a mail server never answers"),
        choices=UnknownPolicy.choices,
        widget=forms.RadioSelect,
        help_text=_("Then nobody knows whether that person has the mail. It happens rarely, to a few at a time."),
    )

    NAMES = ("name", "sender", "segment", "topic", "offer", "cost", "unknown_policy")

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {name: getattr(campaign, name) for name in self.NAMES})
        super().__init__(*args, **kwargs)
        self._offer("sender", Sender.objects.for_workspace(campaign.workspace), campaign.sender_id)
        self.fields["sender"].required = campaign.sender_id is not None
        self._offer("segment", Segment.objects.for_workspace(campaign.workspace), campaign.segment_id)
        self._offer("topic", Topic.objects.for_workspace(campaign.workspace), campaign.topic_id)

    def _offer(self, name: str, rows: Any, chosen: int | None) -> None:
        """Those in use, and the one chosen even if it was put away since."""
        offered = rows.filter(Q(archived_at=None) | Q(pk=chosen)).order_by("name", "pk")
        offer(self, name, offered)


class ContentForm(StyledForm):
    """The mail as a person writes it."""

    subject = forms.CharField(label=_("Subject"), max_length=250)
    preheader = forms.CharField(
        label=_("Preview text"),
        max_length=250,
        required=False,
        help_text=_("Inboxes show it beside the subject. It is invisible in the mail itself."),
    )
    written_as = forms.ChoiceField(
        label=_("Written as"), choices=ContentFormat.choices, initial=ContentFormat.MARKDOWN, widget=forms.RadioSelect
    )
    source = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_SOURCE,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22, "class": "textarea--source", "spellcheck": "true"}),
    )
    reader = forms.CharField(label=_("Shown as"), max_length=254, required=False)

    @property
    def content(self) -> dict[str, Any]:
        """What the services take."""
        given = self.cleaned_data
        return {
            "subject": given["subject"],
            "preheader": given["preheader"],
            "written_as": ContentFormat(given["written_as"]),
            "source": given["source"],
        }


class ZonedDateTimeField(forms.DateTimeField):
    """A date and time by the clock of one place, whatever the person's own clock says."""

    widget = DateTimeInput

    def __init__(self, *, zone: ZoneInfo, **kwargs: Any) -> None:
        self.zone = zone
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).replace(tzinfo=None) if isinstance(value, datetime) else value


class ScheduleForm(StyledForm):
    """Now, or at a moment by the workspace's clock."""

    use_required_attribute = False  # "now" needs no moment

    when = forms.ChoiceField(
        label=_("When"),
        choices=[(LATER, _("At a time")), (NOW, _("Now"))],
        initial=LATER,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, zone: ZoneInfo, proposed: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"] = ZonedDateTimeField(
            zone=zone,
            label=_("Date and time"),
            initial=proposed,
            help_text=_("By the clock of %(zone)s, the workspace’s time zone.") % {"zone": zone.key},
        )
        self.fields["at"].widget.attrs["class"] = "input"

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("when") == NOW:
            self.errors.pop("at", None)
        return given

    def moment(self, now: datetime) -> datetime:
        at: datetime = self.cleaned_data["at"] if self.cleaned_data["when"] == LATER else now
        return at


class AskOwnerForm(StyledForm):
    """Whom to ask about the finished mail, and what to say."""

    approver = forms.ModelChoiceField(label=_("Business owner"), queryset=Member.objects.none(), empty_label=None)
    message = forms.CharField(
        label=_("What to look at"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "approver", deciders_for(member))


class AskLaunchForm(AskOwnerForm):
    """Whom to ask about the launch, and on which days it may go out."""

    first_day = forms.DateField(label=_("First day"), widget=DateInput)
    last_day = forms.DateField(
        label=_("Last day"), widget=DateInput, help_text=_("It goes out once, on one of these days.")
    )

    field_order = ("approver", "first_day", "last_day", "message")

    @property
    def asked(self) -> dict[str, Any]:
        """What the service takes."""
        given = self.cleaned_data
        days = (given["first_day"], given["last_day"])
        return {"approver": given["approver"], "message": given["message"], "days": days}


class SenderForm(StyledForm):
    """Somebody mails can be from."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("A person and the business work best."))
    email = forms.EmailField(label=_("Address"))
    reply_to = forms.EmailField(
        label=_("Replies go to"), required=False, help_text=_("Empty: to the address above. Somebody should read them.")
    )
