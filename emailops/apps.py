from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class EmailOpsConfig(AppConfig):
    """The wiring: stands first in INSTALLED_APPS so that its templates and commands win."""

    name = "emailops"

    def ready(self) -> None:
        """Bind the Celery application and register every app's tasks.

        Celery's own autodiscovery calls `django.setup()` again, which must not happen inside `ready`.
        """
        from emailops import celery  # noqa: F401  importing it makes it the current application

        autodiscover_modules("tasks")
