"""The addresses in our mails: where the pixel, the links and the unsubscribe header point.

The token of a message is the same in all its links; a link's target stands beside it, bound by a signature, so that the
redirect needs no database and goes nowhere we did not write.
"""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from emailops.lib.signing import Kind, is_signed, seal, sign_text

TRACKED_SCHEMES = {"http", "https"}


def open_url(delivery_id: int) -> str:
    return settings.BASE_URL + reverse("delivery:open", args=[seal(Kind.OPEN, delivery_id)])


def unsubscribe_url(delivery_id: int) -> str:
    return settings.BASE_URL + reverse("delivery:unsubscribe", args=[seal(Kind.UNSUBSCRIBE, delivery_id)])


def click_url(delivery_id: int, target: str) -> str:
    path = reverse("delivery:click", args=[seal(Kind.CLICK, delivery_id), sign_text(Kind.LINK, target)])
    return f"{settings.BASE_URL}{path}?{urlencode({'u': target})}"


def is_tracked(target: str) -> bool:
    """Whether clicks on it are counted: web addresses other than our own."""
    return urlsplit(target).scheme in TRACKED_SCHEMES and not target.startswith(f"{settings.BASE_URL}/t/")


def is_our_link(target: str, signature: str) -> bool:
    """Whether we wrote this target into a mail. False for anything else: the redirect is never an open one."""
    return is_signed(Kind.LINK, target, signature) and urlsplit(target).scheme in TRACKED_SCHEMES
