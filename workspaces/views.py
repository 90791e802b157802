"""Pages of the workspace itself: front door, home, settings, members, keys, audit log, profile."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from workspaces import services
from workspaces.forms import (
    ApiKeyForm,
    InviteForm,
    JoinForm,
    NewWorkspaceForm,
    ProfileForm,
    RoleForm,
    WorkspaceForm,
)
from workspaces.home import home_panels
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.live import asked_topics, stream
from workspaces.models import ApiKey, AuditEntry, Invitation, Member, User
from workspaces.permissions import Can, Role

AUDIT_PAGE_SIZE = 50


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """Where everybody enters: sign-in, the first sign-up, the last workspace, or the making of one."""
    user = request.user
    if not isinstance(user, User):
        return redirect("account_login" if User.objects.exists() else "account_signup")
    mine = Member.objects.filter(user=user, left_at=None).select_related("workspace").order_by("joined_at", "pk")
    slugs = [member.workspace.slug for member in mine]
    if not slugs:
        return redirect("workspaces:new")
    last = request.session.get("workspace")
    return redirect("workspaces:home", workspace=last if last in slugs else slugs[0])


@login_required
@require_http_methods(["GET", "POST"])
def new_workspace(request: HttpRequest) -> HttpResponse:
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        member = services.create_workspace(
            user=request.user, role=Role.LEAD, now=timezone.now(), **form.cleaned_data, language=request.user.language
        )
        return redirect("workspaces:home", workspace=member.workspace.slug)
    return render(request, "workspaces/new.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@page(Can.SEE_WORKSPACE)
def home(request: MemberRequest) -> HttpResponse:
    return render(request, "workspaces/home.html", {"panels": home_panels(request.member, request.now)})


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_general(request: MemberRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, instance=request.workspace)
    if request.method == "POST" and form.is_valid():
        services.update_workspace(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
        messages.success(request, _("Settings saved"))
        return redirect(request.path)
    return render(request, "workspaces/settings.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_members(request: MemberRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.invite(
                workspace=request.workspace,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Invitation sent to %(email)s") % form.cleaned_data)
            return redirect(request.path)
    context = {
        "form": form,
        "members": Member.objects.for_workspace(request.workspace).active().order_by("user__name", "pk"),
        "invitations": Invitation.objects.for_workspace(request.workspace)
        .open(request.now)
        .select_related("invited_by__user")
        .order_by("-created_at", "-pk"),
        "roles": Role.choices,
    }
    return render(request, "workspaces/members.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.MANAGE_WORKSPACE)
def member_role(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Member.objects.for_workspace(request.workspace).active(), pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        services.change_role(member=member, role=Role(form.cleaned_data["role"]), by=request.member, now=request.now)
        messages.success(request, _("%(name)s is now: %(role)s") % {"name": member, "role": member.get_role_display()})
    return _back_to_members(request, member)


def _back_to_members(request: MemberRequest, changed: Member) -> HttpResponse:
    """The members' page, unless people changed themselves and may not see it any more."""
    if changed.pk == request.member.pk:
        return redirect("workspaces:front_door")
    return redirect("workspaces:settings_members", workspace=request.workspace.slug)


@action(Can.MANAGE_WORKSPACE)
def member_remove(request: MemberRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Member.objects.for_workspace(request.workspace).active(), pk=pk)
    services.remove_member(member=member, by=request.member, now=request.now)
    messages.success(request, _("%(name)s is no longer a member") % {"name": member})
    return _back_to_members(request, member)


@action(Can.MANAGE_WORKSPACE)
def invitation_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.for_workspace(request.workspace), pk=pk)
    services.revoke_invitation(invitation=invitation, by=request.member, now=request.now)
    messages.success(request, _("The invitation to %(email)s no longer works") % {"email": invitation.email})
    return redirect("workspaces:settings_members", workspace=request.workspace.slug)


@never_cache
@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_keys(request: MemberRequest) -> HttpResponse:
    """The keys of programs. A new key's secret is in this one answer and nowhere else."""
    form = ApiKeyForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            _key, secret = services.create_api_key(
                workspace=request.workspace,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=_end_of_day(form.cleaned_data["expires_at"], request.zone),
                by=request.member,
                now=request.now,
            )
            form = ApiKeyForm()
    keys = ApiKey.objects.for_workspace(request.workspace).select_related("member__user").order_by("-created_at", "-pk")
    context = {"form": form, "keys": keys, "secret": secret, "now": request.now}
    return render(request, "workspaces/keys.html", context, status=UNPROCESSABLE if form.errors else 200)


def _end_of_day(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time.max, tzinfo=zone) if day else None


@action(Can.MANAGE_WORKSPACE)
def key_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.for_workspace(request.workspace), pk=pk)
    services.revoke_api_key(key=key, by=request.member, now=request.now)
    messages.success(request, _("The key “%(name)s” no longer works") % {"name": key.name})
    return redirect("workspaces:settings_keys", workspace=request.workspace.slug)


@page(Can.SEE_AUDIT)
def settings_audit(request: MemberRequest) -> HttpResponse:
    entries = AuditEntry.objects.for_workspace(request.workspace).select_related("member__user").order_by("-at", "-pk")
    shown = Paginator(entries, AUDIT_PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "workspaces/audit.html", {"entries": shown})


@page(Can.SEE_WORKSPACE, Can.SEE_WORKSPACE)
def profile(request: MemberRequest) -> HttpResponse:
    user = request.member.user
    initial = {"name": user.name, "language": user.language, "time_zone": user.time_zone}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        mine = list(Member.objects.filter(user=user, left_at=None).select_related("workspace"))
        services.update_profile(user=user, memberships=mine, now=request.now, **form.cleaned_data)
        messages.success(request, _("Profile saved"))
        return redirect(request.path)
    return render(request, "workspaces/profile.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation. GET shows who invites to what; only POST joins."""
    now = timezone.now()
    invitation = services.open_invitation(token, now)
    user = request.user if isinstance(request.user, User) else None
    form = JoinForm(request.POST if request.method == "POST" and user is None else None)
    if request.method == "POST" and user:
        member = services.accept_invitation(token=token, user=user, now=now)
        return redirect("workspaces:home", workspace=member.workspace.slug)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            member = services.join_with_account(token=token, now=now, **form.cleaned_data)
            login(request, member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
            return redirect("workspaces:home", workspace=member.workspace.slug)
    has_account = User.objects.filter(email__iexact=invitation.email).exists()
    context = {"invitation": invitation, "form": form, "has_account": has_account}
    return render(request, "workspaces/join.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.SEE_WORKSPACE)
def live(request: MemberRequest) -> StreamingHttpResponse:
    """What changes of the topics a page shows, for as long as it is open."""
    topics = asked_topics(request.GET.get("topics", ""))
    response = StreamingHttpResponse(stream(request.workspace.pk, topics), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep the words until it has a page of them
    return response
