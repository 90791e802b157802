"""The page behind an intake link: anybody who has its address can leave an idea. No sign-in and no script."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sprints.forms.ideas import PublicIdeaForm
from sprints.models import IntakeLink
from sprints.services import ideas
from sprints.services.ideas import IntakeClosed, TooManyIdeas
from workspaces.http import UNPROCESSABLE, shown_on


@never_cache
@csrf_exempt  # whoever has the address may post, so a foreign page that posts gains nothing
@require_http_methods(["GET", "HEAD", "POST"])
def idea_page(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST keeps the idea and thanks. What fills in the trap is thanked too, and not kept."""
    try:
        link = ideas.link_of(token)
    except IntakeClosed as refusal:
        return _unlisted(render(request, "sprints/idea_closed.html", {"refusal": refusal}, status=refusal.status))
    with translation.override(link.workspace.language):
        return _unlisted(_page(request, link))


def _page(request: HttpRequest, link: IntakeLink) -> HttpResponse:
    form = PublicIdeaForm(request.POST if request.method == "POST" else None)
    context = {"link": link, "form": form, "LANGUAGE_CODE": link.workspace.language}
    status = 200
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            try:
                _keep(link, form)
            except TooManyIdeas as flood:
                status = flood.status
                raise
            return render(request, "sprints/idea_thanks.html", context)
    status = UNPROCESSABLE if form.errors and status == 200 else status
    return render(request, "sprints/idea_page.html", context, status=status)


def _keep(link: IntakeLink, form: PublicIdeaForm) -> None:
    if not form.is_trapped:
        ideas.take_idea(workspace=link.workspace, told=form.told(link), by=None, now=timezone.now())


def _unlisted(response: HttpResponse) -> HttpResponse:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
