"""Bases of every page inside a workspace: who is asking, may they, and what time is it.

A view declares the action it needs; the decorator finds the workspace among the person's own (a stranger gets 404, a
wrong role 403) and reads the clock once.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from itertools import islice
from typing import Any, Concatenate, ParamSpec, Protocol, cast
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_htmx.middleware import HtmxDetails

from emailops.lib.errors import DomainError
from workspaces.models import Member, User, Workspace
from workspaces.permissions import Can

LINES_AT_ONCE = 500
UNPROCESSABLE = 422  # a form with errors: htmx swaps it in, a browser shows it

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request from a member, inside one workspace."""

    user: User
    htmx: HtmxDetails
    workspace: Workspace
    member: Member
    now: datetime
    zone: ZoneInfo


View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]
PlainView = Callable[..., HttpResponseBase]


class GuardedView(Protocol):
    """A view that says what it asks for; the permission matrix reads it."""

    see: Can | None
    act: Can | None

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def page(see: Can, act: Can | None = None) -> Callable[[View[P]], PlainView]:
    """A page that members who may `see` can read; with `act`, those who may can also POST to it."""
    return _guard(see, act)


def action(act: Can) -> Callable[[View[P]], PlainView]:
    """A view that only changes something: POST alone."""
    return _guard(None, act)


def _guard(see: Can | None, act: Can | None) -> Callable[[View[P]], PlainView]:
    def decorate(view: View[P]) -> PlainView:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, workspace: str, **kwargs: Any) -> HttpResponseBase:
            needed = act if request.method == "POST" else see if request.method in {"GET", "HEAD"} else None
            if needed is None:
                return HttpResponseNotAllowed(_methods(see, act))
            entered = _enter(request, workspace)
            if not entered.member.may(needed):
                raise PermissionDenied
            return view(entered, *args, **kwargs)

        marked = cast("GuardedView", guarded)
        marked.see, marked.act = see, act
        return marked

    return decorate


def _methods(see: Can | None, act: Can | None) -> list[str]:
    return (["GET", "HEAD"] if see else []) + (["POST"] if act else [])


def _enter(request: HttpRequest, slug: str) -> MemberRequest:
    entered = cast("MemberRequest", request)
    member = (
        Member.objects.filter(workspace__slug=slug, user_id=entered.user.pk, left_at=None)
        .select_related("workspace", "user")
        .first()
    )
    if member is None:
        raise Http404
    entered.member, entered.workspace = member, member.workspace
    entered.now = timezone.now()
    entered.zone = ZoneInfo(entered.user.time_zone)
    if entered.session.get("workspace") != slug:  # else every page would write the session
        entered.session["workspace"] = slug
    return entered


@contextmanager
def shown_on(form: BaseForm) -> Iterator[None]:
    """Show a service's refusal on the form that asked: under its fields where it names them, else above."""
    try:
        yield
    except DomainError as refusal:
        known = {name: words for name, words in refusal.fields.items() if name in form.fields}
        for name, words in known.items():
            form.add_error(name, [str(word) for word in words])
        if not known:
            form.add_error(None, str(refusal))


def csv_download(filename: str, lines: Iterator[str]) -> StreamingHttpResponse:
    """A CSV that is sent while it is made, so that a million rows need no memory."""
    response = StreamingHttpResponse(_in_batches(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def file_download(filename: str, content_type: str, blocks: Iterator[bytes]) -> StreamingHttpResponse:
    """A file of any kind that is sent while it is made."""
    response = StreamingHttpResponse(_joined(blocks), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


async def _joined(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while batch := await sync_to_async(lambda: list(islice(blocks, LINES_AT_ONCE)))():
        yield b"".join(batch)


async def _in_batches(lines: Iterator[str]) -> AsyncIterator[str]:
    """The lines, fetched many at a time in the thread that may use the database."""
    while batch := await sync_to_async(lambda: list(islice(lines, LINES_AT_ONCE)))():
        yield "".join(batch)
