"""The page where the brand is set, and what readers' browsers fetch of it."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from workspaces.brand.colours import is_kept
from workspaces.brand.forms import BrandForm
from workspaces.brand.services import (
    BrandUnknown,
    brand_behind,
    brand_of,
    change_brand,
    logo_behind,
    look_of,
    style_sheet,
)
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.models import Brand
from workspaces.permissions import Can

KEPT = "public, max-age=31536000, immutable"  # the address changes with what is behind it
LOOKED_AFTER = "public, max-age=300"  # for addresses that are no longer, or never were, of this version


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_brand(request: MemberRequest) -> HttpResponse:
    brand = brand_of(request.workspace)
    form = BrandForm(request.POST or None, request.FILES or None, brand=brand)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            change_brand(workspace=request.workspace, change=form.change, by=request.member, now=request.now)
            messages.success(request, _("Brand saved"))
            return redirect(request.path)
    context = {"form": form, "look": look_of(request.workspace), "is_kept": not brand.colour or is_kept(brand.colour)}
    return render(request, "workspaces/brand.html", context, status=UNPROCESSABLE if form.errors else 200)


def _kept(find: Callable[[str], Brand]) -> Callable[[Callable[[Brand], HttpResponse]], Callable[..., HttpResponse]]:
    """A file about a brand: found by its token, answered with 304 to whoever has it."""

    def decorate(make: Callable[[Brand], HttpResponse]) -> Callable[..., HttpResponse]:
        @require_safe
        @wraps(make)
        def answered(request: HttpRequest, token: str) -> HttpResponse:
            try:
                brand = find(token)
            except BrandUnknown:
                return HttpResponse(status=BrandUnknown.status)
            tag = f'"{brand.version}"'
            known = get_conditional_response(request, etag=tag)
            response = make(brand) if known is None else HttpResponse(status=known.status_code)
            response.headers["ETag"] = tag
            response.headers["Cache-Control"] = KEPT if request.GET.get("v") == brand.version else LOOKED_AFTER
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response

        return answered

    return decorate


@_kept(brand_behind)
def brand_style(brand: Brand) -> HttpResponse:
    """The colour, as a style sheet: our pages forbid styles inside them."""
    return HttpResponse(style_sheet(brand), content_type="text/css; charset=utf-8")


@_kept(logo_behind)
def brand_logo(brand: Brand) -> HttpResponse:
    return HttpResponse(bytes(brand.logo or b""), content_type="image/png")
