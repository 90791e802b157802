"""The way back: small forms stand on several pages, and each says with `next` where it came from."""

from typing import Any

from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from sprints.models import BulkChange, Story

MOVED = "moved"
ADDED = "added"
"""What a page is told once about a story, in its address."""

CHANGED = "changed"
"""The same about many stories: what was done to them at once."""

Way = HttpResponseRedirect


def back(request: HttpRequest, page: str, **kwargs: Any) -> Way:
    """To where the form came from, else to the named page."""
    return redirect(wanted_way(request.POST) or resolve_url(page, **kwargs))


def back_with(request: HttpRequest, story: Story, page: str, **kwargs: Any) -> Way:
    """The same, and say there where the story went."""
    return _telling(request, MOVED, str(story.pk), page, kwargs)


def back_after(request: HttpRequest, change: BulkChange, page: str, **kwargs: Any) -> Way:
    """The same, and say there what was changed at once."""
    return _telling(request, CHANGED, str(change.pk), page, kwargs)


def _telling(request: HttpRequest, name: str, said: str, page: str, kwargs: dict[str, Any]) -> Way:
    address, _mark, query = (wanted_way(request.POST) or resolve_url(page, **kwargs)).partition("?")
    params = QueryDict(query, mutable=True)
    params[name] = said
    return redirect(f"{address}?{params.urlencode()}")


def wanted_way(sent: QueryDict) -> str:
    """An address of ours, or nothing: a form must not lead elsewhere."""
    wanted = str(sent.get("next", ""))
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else ""


def here(request: HttpRequest) -> str:
    """The address of this page without what was only said once."""
    params = request.GET.copy()
    for told in (MOVED, ADDED, CHANGED):
        params.pop(told, None)
    return f"{request.path}?{params.urlencode()}" if params else request.path


def said_of(request: HttpRequest, name: str) -> int | None:
    """The story that the last form has moved, or added."""
    told = request.GET.get(name, "")
    return int(told) if told.isdecimal() else None
