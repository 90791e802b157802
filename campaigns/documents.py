"""A mail as a document of its own, for a frame: it brings its own security policy and runs nothing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

# Mails style themselves inline and fetch pictures from anywhere; neither scripts nor forms of theirs may live.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src 'self' https: data:",
        "sandbox",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)


def mail_document(html: str) -> HttpResponse:
    """The HTML part of a mail, fit for a sandboxed frame of our own pages."""
    response = HttpResponse(html)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "private, no-store"  # it is filled in with somebody's data
    return response


def message_document(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page of ours in the place of a mail that cannot be shown."""
    return mail_document(render_to_string(template, context, request))
