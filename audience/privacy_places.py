"""The places that privacy takes: the menu, the mail about a request, and what this app erases, tells and lets go."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audience.disclosing.own import register_own_sections
from audience.erasing.own import register_own_parts
from audience.letters import about_data
from audience.models import PrivacyRequest
from audience.retention.own import register_own_keepings
from audience.services.privacy import LETTER
from workspaces.models import Member
from workspaces.navigation import Entry, register_entry
from workspaces.permissions import Can
from workspaces.systemmail import register_letter


def waiting_requests(member: Member) -> "QuerySet[PrivacyRequest]":
    """People who asked to be forgotten and have no answer yet."""
    return PrivacyRequest.objects.seen_by(member).waiting()


def take() -> None:
    register_own_parts()
    register_own_sections()
    register_own_keepings()
    register_letter(LETTER, about_data)
    register_entry(
        Entry(
            key="privacy",
            group="audience",
            order=38,
            label=_("Privacy"),
            icon="shield-check",
            url_name="audience:privacy_list",
            can=Can.MANAGE_PRIVACY,
            count=waiting_requests,
            alert=True,
        )
    )
