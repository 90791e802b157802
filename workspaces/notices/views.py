"""Pages of notices: the list behind the bell, the settings, and the way out of the mails."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import DigestPace
from workspaces.notices import wishes
from workspaces.notices.forms import AboutForm, MuteForm, NoticeSettingsForm
from workspaces.notices.kinds import places
from workspaces.notices.reading import groups_on, mark_read, pages_of_groups, unread_count
from workspaces.notices.wishes import NoticeLinkInvalid, NoticeRefused
from workspaces.permissions import Can

SEE = Can.SEE_WORKSPACE


@page(SEE)
def notice_list(request: MemberRequest) -> HttpResponse:
    """Everything one was told, an object a line, newest first."""
    only_unread = request.GET.get("show") == "unread"
    rows = pages_of_groups(request.member, only_unread=only_unread).get_page(request.GET.get("page"))
    muted = {(mute.about_type, mute.about_id) for mute in wishes.muted_objects(request.member)}
    context = {
        "rows": rows,
        "groups": [(group, group.key in muted) for group in groups_on(rows, request.member)],
        "only_unread": only_unread,
        "unread": unread_count(request.member),
    }
    template = "workspaces/_notice_list.html" if request.htmx else "workspaces/notices.html"
    return render(request, template, context)


@never_cache
@page(SEE)
def notice_bell(request: MemberRequest) -> HttpResponse:
    """The bell of the header, drawn anew when there is something."""
    return render(request, "workspaces/_bell.html")


@action(SEE)
def notice_read(request: MemberRequest) -> HttpResponse:
    """Mark what was told of one object, or everything, as read."""
    form = AboutForm(request.POST)
    if not form.is_valid():
        raise NoticeRefused(_("There is nothing of this kind to be told of."))
    mark_read(member=request.member, now=request.now, about=form.about)
    return _back(request)


@action(SEE)
def notice_mute(request: MemberRequest) -> HttpResponse:
    """Hear nothing more of an object, or hear of it again."""
    form = MuteForm(request.POST)
    if not form.is_valid() or form.about is None:
        raise NoticeRefused(_("There is nothing of this kind to be told of."))
    about_type, about_id = form.about
    is_muted = form.cleaned_data["is_muted"]
    wishes.mute_object(
        member=request.member, about_type=about_type, about_id=about_id, is_muted=is_muted, now=request.now
    )
    messages.success(request, _("You hear no more of it") if is_muted else _("You hear of it again"))
    return _back(request)


def _back(request: MemberRequest) -> HttpResponse:
    """To where the form stood: an address of ours, else the list."""
    wanted = request.POST.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return redirect(wanted)
    return redirect("workspaces:notice_list", workspace=request.workspace.slug)


@page(SEE, SEE)
def notice_settings(request: MemberRequest) -> HttpResponse:
    """How one is told, and of what not."""
    member = request.member
    chosen, muted = wishes.settings_of(member), wishes.muted_kinds(member)
    form = NoticeSettingsForm(request.POST or None, member=member, chosen=chosen, muted=muted)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            wishes.choose(
                member=member,
                digest=DigestPace(form.cleaned_data["digest"]),
                hour=form.cleaned_data["hour"],
                at_once=form.cleaned_data["at_once"],
                muted=form.muted,
                now=request.now,
            )
            messages.success(request, _("Saved"))
            return redirect(request.path)
    silent = [
        (mute, place)
        for mute in wishes.muted_objects(member)
        if (place := places(member, mute.about_type, {mute.about_id}).get(mute.about_id))
    ]
    context = {"form": form, "silent": silent}
    return render(request, "workspaces/notice_settings.html", context, status=UNPROCESSABLE if form.errors else 200)


@never_cache
@csrf_exempt  # mail programs post here without cookies (RFC 8058 section 3.1); the token is the authority
@require_http_methods(["GET", "HEAD", "POST"])
def notices_off(request: HttpRequest, token: str) -> HttpResponse:
    """The link at the end of a mail. GET asks and changes nothing; POST ends the mails."""
    try:
        member = wishes.member_behind(token)
    except NoticeLinkInvalid as refusal:
        return _unlisted(render(request, "errors/refused.html", {"refusal": refusal, "back": "/"}, status=410))
    with translation.override(member.user.language):
        if request.method == "POST":
            wishes.stop_mails(member=member, now=timezone.now())
        is_off = wishes.settings_of(member).digest == DigestPace.NEVER
        context = {"reader": member, "is_off": is_off, "LANGUAGE_CODE": member.user.language}
        return _unlisted(render(request, "workspaces/notices_off.html", context))


def _unlisted(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
