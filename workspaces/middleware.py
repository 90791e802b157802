"""What every request passes: the person's language and clock, and the one place where refusals become answers."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme

from emailops.lib.errors import DomainError
from workspaces.models import User

Next = Callable[[HttpRequest], HttpResponse]


class MemberClockMiddleware:
    """Show dates and words as the signed-in person set them; everything is stored in UTC."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        request.LANGUAGE_CODE = user.language
        with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", user.language)
        return response


class RefusalMiddleware:
    """A refusal no view has shown itself: 409 with the sentence, as a page or as the fragment htmx puts in place."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        context = {"refusal": exception, "back": _page_before(request)}
        if not getattr(request, "htmx", False):
            return render(request, "errors/refused.html", context, status=exception.status)
        # 409 whatever the refusal's own status: base.html tells htmx to show that one.
        response = render(request, "components/_refusal.html", context, status=DomainError.status)
        response.headers["HX-Retarget"] = "#refusals"
        response.headers["HX-Reswap"] = "innerHTML"
        response.headers["HX-Reselect"] = ".notice"  # whatever part the form asked for
        return response


def _page_before(request: HttpRequest) -> str:
    before = request.headers.get("Referer", "")
    return before if url_has_allowed_host_and_scheme(before, {request.get_host()}) else "/"
