"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "approval.policy_set": _("changed what an approval covers"),
    "approval.requested": _("asked for approval"),
    "approval.reminded": _("reminded the owner"),
    "approval.decided": _("decided"),
    "retro.note_added": _("wrote a note"),
    "retro.note_removed": _("removed a note"),
    "retro.action_agreed": _("agreed an action"),
    "retro.action_became_story": _("made a story of an action"),
    "sprint.opened": _("planned the sprint"),
    "sprint.changed": _("changed the sprint"),
    "sprint.started": _("started the sprint"),
    "sprint.closed": _("closed the sprint"),
    "story.written": _("wrote the story"),
    "story.rewritten": _("changed the story"),
    "story.criteria_set": _("wrote the acceptance criteria"),
    "story.criterion_ticked": _("ticked or unticked a criterion"),
    "story.hypothesis_set": _("wrote the hypothesis"),
    "story.brief_set": _("wrote the send brief"),
    "story.planned": _("planned the story"),
    "story.ordered": _("changed the order of the backlog"),
    "story.moved": _("moved the story"),
    "story.blocked": _("said what is in the way"),
    "story.unblocked": _("cleared what was in the way"),
    "board.columns_set": _("changed the columns of the board"),
    "story.dropped": _("dropped the story"),
    "story.outcome": _("measured the outcome"),
}
