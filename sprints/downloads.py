"""Files of people as an answer. A browser never runs one: it saves it, or shows a plain picture."""

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from sprints.models import Attachment

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Of the file itself: should a browser show it against all advice, nothing in it runs or loads."""


def downloaded(attachment: Attachment, *, is_shown: bool = False) -> HttpResponse:
    """The file, to be saved or, with `is_shown`, to be shown if it is a picture that can hold no script."""
    is_shown = is_shown and attachment.is_picture
    try:
        content = attachment.file.read()
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=attachment.media_type if is_shown else "application/octet-stream")
    disposition = content_disposition_header(not is_shown, attachment.name) or "inline"
    response.headers["Content-Disposition"] = disposition
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
