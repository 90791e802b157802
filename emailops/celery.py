"""The Celery application. Tasks register through `autodiscover_modules` in `EmailOpsConfig.ready`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emailops.settings")

app = Celery("emailops")
app.config_from_object("django.conf:settings", namespace="CELERY")
