"""A finished mail as a page of its own, for a frame: with its own styles, without script, and bound to our pages."""

from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

POLICY: dict[str, Any] = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF, "https:", "data:"],
    "sandbox": [True],
    "form-action": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [SELF],
}


def framed_mail(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view that answers a mail's own HTML, which must neither run nor reach anything."""
    framed: Callable[..., HttpResponseBase] = never_cache(xframe_options_sameorigin(csp(POLICY)(view)))
    return framed
