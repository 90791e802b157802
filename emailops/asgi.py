"""The ASGI application that granian serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emailops.settings")

application = get_asgi_application()

from emailops.warm import warm_up  # noqa: E402  Django is set up by now

warm_up()
