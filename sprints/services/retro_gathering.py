"""Putting many notes together at once."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from sprints.models import RetroGroup, RetroNote
from sprints.services.retro_groups import move_note
from workspaces.models import Member


@transaction.atomic
def gather_notes(*, notes: Sequence[RetroNote], to: RetroGroup | None, by: Member, now: datetime) -> None:
    """Put notes into one topic; without one, into that of the first of them. Raises `RetroRefused`."""
    target = to or move_note(note=notes[0], to=notes[0].group, by=by, now=now)
    for note in notes:
        move_note(note=note, to=target, by=by, now=now)


@transaction.atomic
def part_notes(*, notes: Sequence[RetroNote], by: Member, now: datetime) -> None:
    """Make each of these notes a topic by itself. Raises `RetroRefused`."""
    for note in notes:
        move_note(note=note, to=None, by=by, now=now)
