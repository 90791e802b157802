"""Every address of the product."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from emailops import health
from emailops.api import urlpatterns as api_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live/", health.live, name="health_live"),
    path("health/ready/", health.ready, name="health_ready"),
    path("accounts/", include("emailops.accounts_urls")),
    path("operator/", admin.site.urls),
    path("api/v1/", include((api_urls, "api"))),
    path("", include("workspaces.urls")),
    path("", include("audience.urls")),
    path("", include("strategy.urls")),
    path("", include("sprints.urls")),
    path("", include("campaigns.urls")),
    path("", include("delivery.urls")),
    path("", include("insights.urls")),
]
if settings.MAIL_SANDBOX:
    urlpatterns.append(path("sandbox/", include("delivery.sandbox_urls")))
