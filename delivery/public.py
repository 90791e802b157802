"""What readers' mail clients call: pixel, link, unsubscribe. No sign-in, no cookie; a GET changes nothing for anybody.

A token that is not ours gets the same 404, whatever is wrong with it, so that nothing can be learned by trying.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db import Error, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
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
from delivery.topic_door import leave_topic, topic_of
from emailops.lib.languages import speaking_to
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
    """GET shows a button; POST, from the button or from a mailbox provider, unsubscribes at once, without redirect.

    Where the mail was about a topic, a second button leaves that alone.
    """
    delivery_id = delivery_of(Kind.UNSUBSCRIBE, token)
    try:
        page = _Leaving(request, delivery_id)
        with speaking_to(page.language):
            if request.method == "POST":
                page.post()
            return page.shown()
    except (OperationalError, InterfaceError):
        logger.exception("The page to unsubscribe could not be read or written")
        return HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER})


class _Leaving:
    """One visit of the page to unsubscribe."""

    def __init__(self, request: HttpRequest, delivery_id: int) -> None:
        self.request, self.delivery_id = request, delivery_id
        self.delivery = Delivery.objects.select_related("workspace").filter(pk=delivery_id).first()
        reader = reader_of(self.delivery) if self.delivery else None
        self.contact = Contact.objects.filter(pk=reader).first() if reader else None
        self.topic = topic_of(self.delivery) if self.delivery and self.contact else None
        self.has_left_topic = False

    @property
    def language(self) -> str:
        workspace = self.delivery.workspace if self.delivery else None
        return (self.contact and self.contact.language) or (workspace and workspace.language) or "en"

    def post(self) -> None:
        """Do what the pressed button says. Whatever says nothing of a topic leaves everything (RFC 8058)."""
        visit, now = _visit(self.request), timezone.now()
        one_click = self.request.POST.get("List-Unsubscribe") == "One-Click"
        if not one_click and self.request.POST.get("do") == "topic" and self.topic and self.delivery:
            leave_topic(delivery=self.delivery, topic=self.topic, visit=visit, now=now)
            self.has_left_topic = True
            return
        source = "one-click unsubscribe" if one_click else "unsubscribe page"
        wording = "" if one_click else _("Unsubscribe")
        reactions.unsubscribe(delivery_id=self.delivery_id, visit=visit, source=source, now=now, wording=wording)

    def shown(self) -> HttpResponse:
        context: dict[str, Any] = {
            "business": self.delivery.workspace if self.delivery else None,
            "is_done": self.request.method == "POST" and not self.has_left_topic,
            "has_left_topic": self.has_left_topic,
        }
        if self.contact and self.delivery:
            context["room"] = preferences_token(self.contact.pk, self.delivery.pk)
        if self.contact and self.topic:
            context["topic"] = self.topic.name_in(self.contact.language)
        return render(self.request, "public/unsubscribe.html", context)


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
