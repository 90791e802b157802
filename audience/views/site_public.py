"""Where browsers on other web sites report what their readers do there.

Every answer is the same empty one, whether the site, the address or the person is known: a page learns nothing. What
may report is decided by the address of the page, which browsers send and pages cannot forge.
"""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audience.api.site_report import read_report
from audience.models import Site
from audience.services.visitors import is_site_open, site_at, take_report

LARGEST = 32 * 1024  # bytes of one report
PREFLIGHT_SECONDS = 7200  # the longest that Chromium keeps one
NO_CONTENT = 204


@never_cache
@csrf_exempt  # no cookie is read here
@require_http_methods(["POST", "OPTIONS"])
def site_report(request: HttpRequest, key: str) -> HttpResponse:
    """Take a report, and answer with nothing."""
    origin = request.headers.get("Origin", "")
    site = site_at(key, origin)
    response = HttpResponse(status=NO_CONTENT)
    response.headers["Vary"] = "Origin"
    if site is None:
        return response
    _allow(response, origin)
    if request.method == "POST" and site.is_on:
        _take(request, site)
    return response


def _allow(response: HttpResponse, origin: str) -> None:
    """CORS (Fetch standard, section 3.2). Beacons are sent with credentials, which we do not read."""
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)


def _take(request: HttpRequest, site: Site) -> None:
    report = read_report(_body(request), counts_pages=site.counts_pages)
    if report is not None and is_site_open(site, request.META.get("REMOTE_ADDR", ""), report.visitor):
        take_report(site=site, report=report, now=timezone.now())


def _body(request: HttpRequest) -> Any:
    """The JSON of a body of any content type, since beacons send texts; None for anything else."""
    declared = request.headers.get("Content-Length", "")
    if not declared.isdecimal() or int(declared) > LARGEST:
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None
