"""Web sites that report: make one, copy its snippet, see whether it reports, switch it off."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from audience.figures import figures_of
from audience.forms.sites import SiteForm, values_of
from audience.models import Event, Order, Site, Source
from audience.services.sites import change_site, create_site
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.permissions import Can, Role

SCRIPT = "js/site.js"
LATEST = 10
SNIPPET = (
    "<script>window.emailops=window.emailops||function(){{(emailops.q=emailops.q||[]).push(arguments)}}</script>\n"
    '<script src="{script}" data-site="{key}"{pages} async></script>'
)
CALLS = """emailops("consent", true);
emailops("event", "product_viewed", {product: "Glow serum"});
emailops("order", {
  id: "O-1001", currency: "%(currency)s",
  lines: [{name: "Glow serum", sku: "GS-1", quantity: 1, price: "34.00"}]
});
emailops("consent", false);"""


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def site_list(request: MemberRequest) -> HttpResponse:
    """The sites and when each reported last, and a new one."""
    form = SiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            site = create_site(workspace=request.workspace, details=form.details, by=request.member, now=request.now)
            messages.success(request, _("Now put the snippet into the site’s pages"))
            return redirect("audience:site_detail", workspace=request.workspace.slug, pk=site.pk)
    sites = Site.objects.for_workspace(request.workspace).order_by("name", "pk")
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "audience/site_list.html", {"form": form, "sites": sites}, status=status)


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def site_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One site: its snippet, what it reported, what is decided about it."""
    rows = Site.objects.for_workspace(request.workspace).select_related("workspace")
    site = get_object_or_404(rows, pk=pk)
    form = SiteForm(request.POST or None, initial=values_of(site))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            change_site(site=site, details=form.details, by=request.member, now=request.now)
            messages.success(request, _("Site saved"))
            return redirect(request.path)
    context = {
        "site": site,
        "form": form,
        "snippet": snippet(site),
        "calls": CALLS % {"currency": request.workspace.currency},
        **_figures(request, site),
        "events": Event.objects.seen_by(request.member)
        .filter(source=Source.SITE)
        .select_related("contact")
        .order_by("-occurred_at", "-pk")[:LATEST],
    }
    return render(request, "audience/site_detail.html", context, status=UNPROCESSABLE if form.errors else 200)


def _figures(request: MemberRequest, site: Site) -> dict[str, Any]:
    """Browsers, those of nobody known, and orders; a seller sees the orders of his or her own people alone."""
    figures = figures_of(request.workspace, "sites", request.now)
    visitors, unknown = figures.numbers.get(str(site.pk), (0, 0))
    orders = figures.numbers["orders"]
    if request.member.role == Role.SELLER:
        orders = Order.objects.seen_by(request.member).filter(source=Source.SITE).count()
    return {"visitors": visitors, "unknown": unknown, "orders": orders, "counted_at": figures.counted_at}


def snippet(site: Site) -> str:
    """The HTML that has a site report. It names the script without a fingerprint: it outlives many versions of it."""
    pages = mark_safe(" data-pages") if site.counts_pages else ""
    script = f"{settings.BASE_URL}{settings.STATIC_URL}{SCRIPT}"
    return format_html(SNIPPET, script=script, key=site.key, pages=pages).strip()  # a text, which pages escape
