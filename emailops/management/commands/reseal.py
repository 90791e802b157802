"""`manage.py reseal`: after `SECRET_KEY` was changed, write every secret anew under the new key."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from emailops.lib.vault import SealedField, Unreadable, seal_for, secret_of


class Command(BaseCommand):
    """Needs the old key in `SECRET_KEY_FALLBACKS`; afterwards it may be removed from there."""

    help = "Encrypt all stored secrets anew under the first SECRET_KEY."

    def handle(self, *_args: Any, **_options: Any) -> None:
        count = 0
        lost: list[str] = []
        for model in apps.get_models():
            for field in (field for field in model._meta.get_fields() if isinstance(field, SealedField)):
                done, unreadable = reseal(model, field.name)
                count, lost = count + done, lost + unreadable
        self.stdout.write(f"{count} secrets are sealed under the first key.")
        if lost:
            raise CommandError(f"Cannot be read under any of the keys: {', '.join(lost)}")


def reseal(model: type[models.Model], field: str) -> tuple[int, list[str]]:
    """Returns how many were written anew, and the rows that no key opens. Safe to repeat."""
    count = 0
    lost: list[str] = []
    rows = model._default_manager.exclude(**{field: b""}).values_list("pk", flat=True)
    for pk in rows:
        with transaction.atomic():
            row = model._default_manager.select_for_update(of=("self",)).get(pk=pk)
            try:
                seal_for(row, field, secret_of(row, field))
            except Unreadable:
                lost.append(f"{model._meta.label} {pk}")
                continue
            row.save(update_fields=[field])
            count += 1
    return count, lost
