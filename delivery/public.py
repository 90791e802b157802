"""What readers' mail clients call: pixel, link, unsubscribe. No sign-in, no cookie; a GET changes nothing for anybody.

A token that is not ours gets the same 404, whatever is wrong with it, so that nothing can be learned by trying.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from audience.models import Contact
from audience.services.preferences import preferences_token
from audience.services.sites import with_person
from delivery import reactions
from delivery.links import is_our_link
from delivery.merging import reader_of
from delivery.models import Delivery, HitKind
from delivery.reactions import Visit
from emailops.lib.signing import BadToken, Kind, unseal

logger = logging.getLogger(__name__)
PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
RETRY_AFTER = "60"  # seconds
P = ParamSpec("P")
PublicView = Callable[Concatenate[HttpRequest, P], HttpResponse]


class NotOurLink(Exception):
    """We wrote no such address into any mail."""


def answers_only_our_links(view: PublicView[P]) -> PublicView[P]:
    """One 404 for every link that is not ours, without cookie or anything else that differs."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotOurLink:
            return render(request, "public/not_our_link.html", status=404)

    return guarded


@never_cache
@require_safe
@answers_only_our_links
def open_pixel(request: HttpRequest, token: str) -> HttpResponse:
    """One transparent pixel, and a note that it was fetched."""
    _note(delivery_of(Kind.OPEN, token), HitKind.OPEN, request)
    return HttpResponse(PIXEL, content_type="image/gif")


@never_cache
@require_safe
@answers_only_our_links
def click(request: HttpRequest, token: str, signature: str) -> HttpResponse:
    """On to the link's target, which we ourselves have signed, and a note that it was followed."""
    target = request.GET.get("u", "")
    if not is_our_link(target, signature):
        raise NotOurLink
    delivery_id = delivery_of(Kind.CLICK, token)
    _note(delivery_id, HitKind.CLICK, request, target)
    return HttpResponseRedirect(_recognised(delivery_id, target))


def _recognised(delivery_id: int, target: str) -> str:
    """The target with a word of who comes, if it is a web site of the workspace that asks for it."""
    try:
        delivery = Delivery.objects.select_related("contact").filter(pk=delivery_id).first()
        return with_person(target, delivery.contact, timezone.now()) if delivery and delivery.contact else target
    except Error:
        logger.exception("Who follows a link could not be read")
        return target


@never_cache
@csrf_exempt  # RFC 8058 section 3.2: the mailbox provider posts without cookie or context
@require_http_methods(["GET", "HEAD", "POST"])
@answers_only_our_links
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST, from the button or from a mailbox provider, unsubscribes at once, without redirect."""
    delivery_id = delivery_of(Kind.UNSUBSCRIBE, token)
    if request.method == "POST":
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        source = "one-click unsubscribe" if one_click else "unsubscribe page"
        try:
            reactions.unsubscribe(delivery_id=delivery_id, visit=_visit(request), source=source, now=timezone.now())
        except (OperationalError, InterfaceError):
            logger.exception("An unsubscribe could not be written")
            return HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER})
    return _unsubscribe_page(request, delivery_id)


def _unsubscribe_page(request: HttpRequest, delivery_id: int) -> HttpResponse:
    delivery = Delivery.objects.select_related("workspace").filter(pk=delivery_id).first()
    workspace = delivery.workspace if delivery else None
    reader = reader_of(delivery) if delivery else None
    contact = Contact.objects.filter(pk=reader).first() if reader else None
    language = (contact and contact.language) or (workspace and workspace.language) or "en"
    with translation.override(language):
        context = {"business": workspace, "is_done": request.method == "POST", "language": language}
        if contact and delivery:
            context["room"] = preferences_token(contact.pk, delivery.pk)
        return render(request, "public/unsubscribe.html", context)


@never_cache
@require_safe
@answers_only_our_links
def preferences(_request: HttpRequest, token: str) -> HttpResponse:
    """On to the page on which the reader of a message chooses what to get. Nothing is noted, nothing changes."""
    delivery = Delivery.objects.select_related("workspace").filter(pk=delivery_of(Kind.UNSUBSCRIBE, token)).first()
    reader = reader_of(delivery) if delivery else None
    if delivery is None or reader is None:
        raise NotOurLink
    room = preferences_token(reader, delivery.pk)
    return HttpResponseRedirect(
        reverse("audience:preferences", args=[room]), headers={"Referrer-Policy": "no-referrer"}
    )


def delivery_of(kind: Kind, token: str) -> int:
    """The number of the message whose link it is. Raises `NotOurLink`."""
    try:
        (delivery_id,) = unseal(kind, token)
    except (BadToken, ValueError) as error:
        raise NotOurLink from error
    return delivery_id


def _visit(request: HttpRequest) -> Visit:
    return Visit(request.method or "", request.headers.get("User-Agent", ""), request.META.get("REMOTE_ADDR", ""))


def _note(delivery_id: int, kind: HitKind, request: HttpRequest, url: str = "") -> None:
    """Record a reaction; a database that is away costs the note, never the reader's way."""
    try:
        reactions.record_hit(delivery_id=delivery_id, kind=kind, visit=_visit(request), now=timezone.now(), url=url)
    except Error:
        logger.exception("A reaction could not be written")
