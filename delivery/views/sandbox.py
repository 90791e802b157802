"""The mail sandbox in the browser: an operator's tool for trying out, open to whoever reaches the installation.

It exists only where mail goes nowhere else (`MAIL_SANDBOX`), asks nobody to sign in, and shows nothing but the mails.
"""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from campaigns.rendering import insert_at_top
from delivery.models import SandboxMessage
from delivery.sandbox import headers_of, part_of

PAGE_SIZE = 50
SHOWN_HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src 'self' https: http: data:",
        # A reader's mail program opens links in a browser: so does this frame, in a tab that is not held back by it.
        "sandbox allow-popups allow-popups-to-escape-sandbox",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)


@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """Everything that was sent, newest first, narrowed by words in recipient or subject."""
    found = SandboxMessage.objects.matching(request.GET.get("q", "")).defer("raw").order_by("-pk")
    rows = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "delivery/sandbox_list.html", {"rows": rows})


@require_safe
def message_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail: who, what, its parts."""
    kept = get_object_or_404(SandboxMessage, pk=pk)
    headers = headers_of(kept.raw)
    by_name = dict(headers)
    context = {
        "kept": kept,
        "shown": [(name, by_name[name]) for name in SHOWN_HEADERS if name in by_name],
        "headers": headers,
        "text": part_of(kept.raw, "text/plain"),
        "has_html": bool(part_of(kept.raw, "text/html")),
        "size": len(kept.raw),
    }
    return render(request, "delivery/sandbox_detail.html", context)


@require_safe
def message_html(_request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part as a document of its own for the frame; its links open in a new tab."""
    kept = get_object_or_404(SandboxMessage, pk=pk)
    response = HttpResponse(insert_at_top(part_of(kept.raw, "text/html"), '<base target="_blank">'))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    add_never_cache_headers(response)
    return response


@require_safe
def message_raw(_request: HttpRequest, pk: int) -> HttpResponse:
    """The mail as it came over the wire, to be saved."""
    kept = get_object_or_404(SandboxMessage, pk=pk)
    response = HttpResponse(bytes(kept.raw), content_type="message/rfc822")
    response.headers["Content-Disposition"] = f'attachment; filename="mail-{kept.pk}.eml"'
    return response
