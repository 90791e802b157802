"""From a link in a mail to the survey that it answers, and how many people a survey was sent to."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audience.models import Contact, Survey
from audience.services.survey_answers import survey_token
from audience.survey_asked import register_asked
from campaigns.rendering import SURVEY
from delivery.merging import reader_of
from delivery.models import Delivery, DeliveryState
from delivery.public import NotOurLink, answers_only_our_links, delivery_of
from emailops.lib.signing import Kind

PASSED_ON = ("q", "v")
"""The question that a link answers, and the answer: the page shows both and keeps neither."""


@never_cache
@require_safe
@answers_only_our_links
def survey(request: HttpRequest, token: str, survey: str) -> HttpResponse:
    """On to the page on which the reader of a message answers. Nothing is noted, nothing changes."""
    delivery = Delivery.objects.select_related("workspace").filter(pk=delivery_of(Kind.UNSUBSCRIBE, token)).first()
    reader = Contact.objects.filter(pk=reader_of(delivery) or 0).first() if delivery else None
    if delivery is None or reader is None:
        raise NotOurLink
    found = Survey.objects.filter(workspace=delivery.workspace_id, slug=survey).first()
    if found is None:
        raise NotOurLink
    chosen = {name: request.GET[name][:60] for name in PASSED_ON if name in request.GET}
    page = reverse("audience:survey_page", args=[survey_token(found, reader, delivery.pk)])
    target = f"{page}?{urlencode(chosen)}" if chosen else page
    return HttpResponseRedirect(target, headers={"Referrer-Policy": "no-referrer"})


def people_asked(surveys: Collection[Survey]) -> dict[int, int]:
    """How many people got a mail that leads to each of these surveys. One query each."""
    return {survey.pk: count for survey in surveys if (count := _people_asked(survey))}


def _people_asked(survey: Survey) -> int:
    sent = Delivery.objects.for_workspace(survey.workspace).filter(state=DeliveryState.SENT)
    link = rf"\{{\{{-?\s*{SURVEY}\s*-?\}}\}}/{survey.slug}([?\"' )]|$)"
    asking = sent.filter(run__content__html__regex=link)
    return asking.aggregate(people=Count("contact", distinct=True))["people"] or 0


def register_surveys() -> None:
    register_asked(people_asked)
