"""Verbs on topics: group, name, merge, split, vote, discuss, decide."""

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from sprints.models import Retro, RetroGroup, RetroNote, RetroPerson, RetroPhase, RetroVote, Sprint
from sprints.services.retro_access import RetroRefused, come_in, led, locked, tell
from workspaces.models import Member


def show_notes(retro: Retro, now: datetime) -> None:
    """Show what was written in silence to all, each note a topic of its own. Repeating changes nothing."""
    notes = list(RetroNote.objects.filter(sprint=retro.sprint, group=None).order_by("pk"))
    groups = RetroGroup.objects.bulk_create([_topic(retro, now) for _note in notes])
    for note, group in zip(notes, groups, strict=True):
        note.group, note.is_shown = group, True
    RetroNote.objects.bulk_update(notes, ["group", "is_shown"])


def _topic(retro: Retro, now: datetime) -> RetroGroup:
    return RetroGroup(retro=retro, workspace=retro.workspace, created_at=now)


@transaction.atomic
def move_note(*, note: RetroNote, to: RetroGroup | None, by: Member, now: datetime) -> RetroGroup:
    """Put a note to others that say the same, or (None) make it a topic by itself again. Returns where it is now.

    A topic that nothing is left of goes; its votes go with its last note. Raises `RetroRefused` for a note that is
    not shown yet and for a topic of another retrospective.
    """
    retro = locked(note.sprint, now)
    note = RetroNote.objects.select_related("group").get(pk=note.pk)
    if not note.is_shown:
        raise RetroRefused(_("Notes are grouped once everybody sees them."))
    target = _alive(retro, to) if to else _own_topic(retro, note, now)
    left = note.group
    if left is not None and left.pk == target.pk:
        return target
    RetroNote.objects.filter(pk=note.pk).update(group=target)
    if left is not None and not left.notes.exists():
        _take_over(left, target, retro)
    come_in(retro, by, now)
    tell(retro, "retro.note_grouped", by=by, now=now)
    return target


def _alive(retro: Retro, group: RetroGroup) -> RetroGroup:
    found = RetroGroup.objects.filter(retro=retro, pk=group.pk).first()
    if found is None:
        raise RetroRefused(_("That topic is not there any more. Load the page again."))
    return found


def _own_topic(retro: Retro, note: RetroNote, now: datetime) -> RetroGroup:
    if note.group and note.group.notes.count() == 1:
        return note.group
    made = _topic(retro, now)
    made.save()
    return made


@transaction.atomic
def merge_groups(*, group: RetroGroup, into: RetroGroup, by: Member, now: datetime) -> RetroGroup:
    """Make one topic of two: notes, votes and what was decided go to `into`. Repeating is refused: one is gone."""
    retro = locked(group.retro.sprint, now)
    source, target = _alive(retro, group), _alive(retro, into)
    if source.pk == target.pk:
        raise RetroRefused(_("Choose another topic to merge with."))
    source.notes.update(group=target)
    _take_over(source, target, retro)
    come_in(retro, by, now)
    tell(retro, "retro.topics_merged", by=by, now=now)
    return target


def _take_over(source: RetroGroup, target: RetroGroup, retro: Retro) -> None:
    """Votes, name and decision of a topic that goes. Where each topic gets one vote, the second is free again."""
    given = dict(target.votes.values_list("member_id", "count"))
    for vote in source.votes.all():
        count = vote.count + given.get(vote.member_id, 0) if retro.may_stack else 1
        RetroVote.objects.update_or_create(
            group=target, member_id=vote.member_id, defaults={"workspace": retro.workspace, "count": count}
        )
    target.name = target.name or source.name
    target.decision = target.decision or source.decision
    target.save(update_fields=["name", "decision"])
    source.delete()


@transaction.atomic
def name_group(*, group: RetroGroup, name: str, by: Member, now: datetime) -> None:
    """Say in a few words what the notes of a topic have in common; empty: the first note stands for it."""
    retro = locked(group.retro.sprint, now)
    group = _alive(retro, group)
    group.name = name.strip()
    group.save(update_fields=["name"])
    come_in(retro, by, now)
    tell(retro, "retro.topic_named", by=by, now=now, name=group.name)


@transaction.atomic
def decide_on(*, group: RetroGroup, decision: str, by: Member, now: datetime) -> None:
    """Keep in a sentence what the team takes from a topic; the owner reads it in the report."""
    retro = locked(group.retro.sprint, now)
    group = _alive(retro, group)
    group.decision = decision.strip()
    group.save(update_fields=["decision"])
    come_in(retro, by, now)
    tell(retro, "retro.topic_decided", by=by, now=now, decision=group.decision)


@transaction.atomic
def cast_vote(*, group: RetroGroup, by: Member, now: datetime) -> int:
    """Give a topic one of one's votes. Returns how many are left.

    Raises `RetroRefused` while there is no voting, when all are given, and for a second one where each topic gets one.
    """
    retro = locked(group.retro.sprint, now)
    group = _alive(retro, group)
    _require_voting(retro)
    left = retro.votes_each - spent_by(retro, by)
    if left < 1:
        raise RetroRefused(_("All your votes are given. Take one back to move it."))
    vote, created = RetroVote.objects.get_or_create(
        group=group, member=by, defaults={"workspace": retro.workspace, "count": 1}
    )
    if not created and not retro.may_stack:
        raise RetroRefused(_("One vote a topic. Give the others to other topics."))
    if not created:
        vote.count += 1
        vote.save(update_fields=["count"])
    come_in(retro, by, now)
    reveal_when_all_voted(retro, now)
    tell(retro, "retro.voted", by=by, now=now)
    return left - 1


@transaction.atomic
def take_vote_back(*, group: RetroGroup, by: Member, now: datetime) -> None:
    """Take one vote from a topic again. Without any there, nothing changes."""
    retro = locked(group.retro.sprint, now)
    _require_voting(retro)
    vote = RetroVote.objects.filter(group=group, member=by).first()
    if vote is None:
        return
    vote.count -= 1
    if vote.count:
        vote.save(update_fields=["count"])
    else:
        vote.delete()
    tell(retro, "retro.vote_taken_back", by=by, now=now)


def _require_voting(retro: Retro) -> None:
    if retro.phase != RetroPhase.VOTE or retro.revealed_at is not None:
        raise RetroRefused(_("There is no voting now."))


def spent_by(retro: Retro, member: Member) -> int:
    given = RetroVote.objects.filter(group__retro=retro, member=member).aggregate(total=Sum("count"))["total"]
    return given or 0


def reveal_when_all_voted(retro: Retro, now: datetime) -> None:
    """Show the votes as soon as everybody who takes part has given all of them or said to be ready."""
    if retro.phase != RetroPhase.VOTE or retro.revealed_at is not None:
        return
    spent: Counter[int] = Counter()
    for member, count in RetroVote.objects.filter(group__retro=retro).values_list("member_id", "count"):
        spent[member] += count
    people = RetroPerson.objects.filter(retro=retro).values_list("member_id", "ready_in")
    if spent and all(ready == RetroPhase.VOTE or spent[member] >= retro.votes_each for member, ready in people):
        retro.revealed_at = now
        retro.save(update_fields=["revealed_at"])


@transaction.atomic
def reveal_votes(*, sprint: Sprint, is_shown: bool, by: Member, now: datetime) -> None:
    """Show the votes although somebody has not voted, or let all change theirs again. Only the facilitator may."""
    retro = led(sprint, by, now)
    if (retro.revealed_at is not None) == is_shown:
        return
    retro.revealed_at = now if is_shown else None
    retro.save(update_fields=["revealed_at"])
    if not is_shown:
        RetroPerson.objects.filter(retro=retro, ready_in=RetroPhase.VOTE).update(ready_in="")
    tell(retro, "retro.votes_shown" if is_shown else "retro.votes_hidden", by=by, now=now)


@transaction.atomic
def discuss(*, group: RetroGroup, by: Member, now: datetime) -> None:
    """Turn to a topic; one that was being talked about counts as discussed. A timer begins anew, as long as it was."""
    retro = led(group.retro.sprint, by, now)
    topic = _alive(retro, group)
    if retro.topic_id == topic.pk:
        return
    RetroGroup.objects.filter(pk=retro.topic_id or 0).update(discussed_at=now)
    retro.topic = topic
    if retro.timer_minutes:
        retro.ends_at = now + timedelta(minutes=retro.timer_minutes)
    retro.save(update_fields=["topic", "ends_at"])
    tell(retro, "retro.topic_opened", by=by, now=now, topic=topic.pk)
