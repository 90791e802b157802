"""The addresses in our mails: where the pixel, the links and the unsubscribe header point.

The token of a message is the same in all its links; a link's target stands beside it, bound by a signature, so that the
redirect needs no database and goes nowhere we did not write.
"""

from functools import cache, lru_cache
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from emailops.lib.signing import Kind, is_signed, seal, sign_text

TRACKED_SCHEMES = {"http", "https"}
TOKEN, SIGNATURE = "~token~", "~signature~"  # a tilde stands in no token, and in a path it needs no escape
SLUG = "name"  # of a survey


def open_url(delivery_id: int) -> str:
    return seal(Kind.OPEN, delivery_id).join(around_open_token())


def unsubscribe_url(delivery_id: int) -> str:
    return seal(Kind.UNSUBSCRIBE, delivery_id).join(around_unsubscribe_token())


def preferences_url(delivery_id: int) -> str:
    """Where the reader of a message chooses what to get. Its token is that of `unsubscribe_url`."""
    return seal(Kind.UNSUBSCRIBE, delivery_id).join(around_preferences_token())


def survey_url(delivery_id: int) -> str:
    """Where the reader of a message answers surveys, without one's name. Its token is that of `unsubscribe_url`."""
    return seal(Kind.UNSUBSCRIBE, delivery_id).join(around_survey_token())


def click_url(delivery_id: int, target: str) -> str:
    return seal(Kind.CLICK, delivery_id).join(around_click_token(target))


def counted_url(delivery_id: int, target: str) -> str:
    """Where a link to this target leads in a message: through us when its clicks are counted."""
    return click_url(delivery_id, target) if is_tracked(target) else target


def around_open_token() -> tuple[str, str]:
    """What stands before and after the token in `open_url`."""
    return _around_token(_path("delivery:open", TOKEN))


def around_unsubscribe_token() -> tuple[str, str]:
    """What stands before and after the token in `unsubscribe_url`."""
    return _around_token(_path("delivery:unsubscribe", TOKEN))


def around_preferences_token() -> tuple[str, str]:
    """What stands before and after the token in `preferences_url`."""
    return _around_token(_path("delivery:preferences", TOKEN))


def around_survey_token() -> tuple[str, str]:
    """What stands before and after the token in `survey_url`."""
    return _around_token(_path("delivery:survey", TOKEN, SLUG).removesuffix(f"/{SLUG}"))


def around_click_token(target: str) -> tuple[str, str]:
    """What stands before and after the token in `click_url`: the same for all readers of a link."""
    return _around_token(_click_path(target, settings.SECRET_KEY))


def _around_token(path: str) -> tuple[str, str]:
    before, _token, after = path.partition(TOKEN)  # the first one: a target may hold anything
    return settings.BASE_URL + before, after


@cache
def _path(route: str, *parts: str) -> str:
    """The path of a route. A mail has ten links, and looking the route up for each took a tenth of a worker's time."""
    return reverse(route, args=parts)


@lru_cache(maxsize=1024)
def _click_path(target: str, _key: str) -> str:
    """The path to a target, signed with this key, for any message: a mail's links are the same for all its readers."""
    path = _path("delivery:click", TOKEN, SIGNATURE).replace(SIGNATURE, sign_text(Kind.LINK, target))
    return f"{path}?{urlencode({'u': target})}"


def is_tracked(target: str) -> bool:
    """Whether clicks on it are counted: web addresses other than our own."""
    return urlsplit(target).scheme in TRACKED_SCHEMES and not target.startswith(f"{settings.BASE_URL}/t/")


def is_our_link(target: str, signature: str) -> bool:
    """Whether we wrote this target into a mail. False for anything else: the redirect is never an open one."""
    return is_signed(Kind.LINK, target, signature) and urlsplit(target).scheme in TRACKED_SCHEMES
