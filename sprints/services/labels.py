"""Verbs on labels: make, change, merge, delete, and put on stories."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_story
from sprints.models import LONGEST_LABEL, Label, LabelTone, Story
from sprints.ordering import one_at_a_time
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST_ON_A_STORY = 12
MOST_LABELS = 200  # more is no order any more


class LabelRefused(DomainError):
    """The label cannot be made, changed or put there as asked."""

    code = "label_refused"


@transaction.atomic
def make_label(*, workspace: Workspace, name: str, by: Member, now: datetime, tone: LabelTone | None = None) -> Label:
    """A label with this name; the one that exists already, however it is spelt in case. Without `tone` the next colour.

    Raises `LabelRefused` for no name, a long one, or too many labels.
    """
    name = _checked(name)
    one_at_a_time(workspace.pk)
    mine = Label.objects.for_workspace(workspace)
    known = mine.filter(name__iexact=name).first()
    if known is not None:
        return known
    count = mine.count()
    if count >= MOST_LABELS:
        raise LabelRefused(_("%(most)d labels are no order any more: merge some first.") % {"most": MOST_LABELS})
    colours = list(LabelTone)
    label = Label.objects.create(workspace=workspace, name=name, tone=tone or colours[(count + 1) % len(colours)])
    record("label.made", label, by=by, now=now, tone=label.tone)
    return label


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise LabelRefused(_("Give the label a name."), fields={"name": [_("Empty.")]})
    if len(name) > LONGEST_LABEL:
        raise LabelRefused(
            _("A label has at most %(most)d letters.") % {"most": LONGEST_LABEL}, fields={"name": [_("Too long.")]}
        )
    return name


@transaction.atomic
def change_label(*, label: Label, name: str, tone: LabelTone, by: Member, now: datetime) -> None:
    """Give a label another name or colour. Raises `LabelRefused` for a name that another label has."""
    name, before = _checked(name), {"name": label.name, "tone": label.tone}
    try:
        with transaction.atomic():
            changed = Label.objects.filter(pk=label.pk).update(name=name, tone=tone)
    except IntegrityError as error:
        raise LabelRefused(
            _("There is a label “%(name)s” already. Merge the two instead.") % {"name": name},
            fields={"name": [_("Taken.")]},
        ) from error
    if changed:
        label.name, label.tone = name, tone
        record("label.changed", label, by=by, now=now, before=before, after={"name": name, "tone": tone})


@transaction.atomic
def merge_labels(*, label: Label, into: Label, by: Member, now: datetime) -> int:
    """Put another label on all stories of this one, which is gone then. Returns how many stories it had.

    Raises `LabelRefused` for a label and itself.
    """
    if label.pk == into.pk:
        raise LabelRefused(_("Choose another label to merge into."), fields={"into": [_("The same.")]})
    one_at_a_time(label.workspace_id)
    stories = list(label.stories.values_list("pk", flat=True))
    into.stories.add(*stories)
    record("label.merged", label, by=by, now=now, into=into.name, stories=len(stories))
    label.delete()
    return len(stories)


@transaction.atomic
def delete_label(*, label: Label, by: Member, now: datetime) -> int:
    """Take a label away from all stories and delete it. Returns how many stories it had."""
    count = label.stories.count()
    record("label.deleted", label, by=by, now=now, stories=count)
    label.delete()
    return count


@transaction.atomic
def set_labels(
    *, story: Story, labels: Collection[Label], by: Member, now: datetime, new: Collection[str] = ()
) -> None:
    """Say which labels a story has, and make those of `new` names on the fly. Repeating changes nothing.

    Raises `LabelRefused` for too many, for those of another workspace, and as `make_label` does.
    """
    made = [make_label(workspace=story.workspace, name=name, by=by, now=now) for name in new if name.strip()]
    wanted = {label.pk: label for label in [*labels, *made]}
    if any(label.workspace_id != story.workspace_id for label in wanted.values()):
        raise LabelRefused(_("Choose labels of this workspace."), fields={"labels": [_("Unknown label.")]})
    if len(wanted) > MOST_ON_A_STORY:
        raise LabelRefused(_("At most %(most)d labels for one story.") % {"most": MOST_ON_A_STORY})
    before = set(story.labels.values_list("pk", flat=True))
    if before == set(wanted):
        return
    story.labels.set(wanted.values())
    record("story.labelled", story, by=by, now=now, labels=sorted(label.name for label in wanted.values()))
    tell_story(story)


def labels_with_counts(workspace: Workspace) -> "QuerySet[Label]":
    """All labels by name; `used` is on how many stories that were not dropped. One query."""
    used = Count("stories", filter=Q(stories__dropped_at=None))
    return Label.objects.for_workspace(workspace).annotate(used=used).order_by("name", "pk")
