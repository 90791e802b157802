"""The Celery application. Tasks register through `autodiscover_modules` in `EmailOpsConfig.ready`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emailops.settings")

app = Celery("emailops")
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_init.connect
def _know_our_addresses(**_about: Any) -> None:
    """Read the URLs once, before processes are forked, and not in each of them with its first mail."""
    from django.urls import get_resolver

    len(get_resolver().url_patterns)
