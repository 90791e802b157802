"""What the frame around every page needs to know."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from workspaces.models import Member, User
from workspaces.navigation import sidebar
from workspaces.notices.reading import unread_count


def shell(request: HttpRequest) -> dict[str, Any]:
    """Navigation, switcher and theme; empty for people who have not signed in."""
    user = getattr(request, "user", None)
    member = getattr(request, "member", None)
    context: dict[str, Any] = {"theme": _theme(request)}
    if isinstance(user, User) and isinstance(member, Member):
        context |= {
            "member": member,
            "workspace": member.workspace,
            "sidebar": sidebar(request, member),
            "other_memberships": _others(user, member),
            "news": SimpleLazyObject(lambda: unread_count(member)),
        }
    return context


def _theme(request: HttpRequest) -> str:
    """What this browser chose with the button in the top bar; empty follows the system."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in {"light", "dark"} else ""


def _others(user: User, member: Member) -> list[Member]:
    found = Member.objects.filter(user=user, left_at=None).exclude(pk=member.pk)
    return list(found.select_related("workspace").order_by("workspace__name", "pk"))
