"""Sets Django up in whatever process imports this first: the fork server, before it loads what needs models."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emailops.settings")
django.setup()
