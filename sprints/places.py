"""What this app puts into the places that upstream offers: menu, settings tabs, home panels, mails."""

from django.utils.translation import gettext_lazy as _

from sprints import standup_letters
from sprints.home import running_sprint
from sprints.idea_mail import idea_answer
from sprints.letters import approval, approval_code, approval_message, condition, decision
from sprints.menu_counts import approvals_waiting, ideas_waiting, in_backlog, poker_waiting
from sprints.moves import register_moves
from sprints.notices import register_notices
from sprints.own_moves import KINDS, sprint_moves
from sprints.poker_letters import poker_invitation, poker_reminder
from sprints.retro_letters import retro_report
from sprints.survey_answers import register_answers
from sprints.waiting import waiting_panel
from workspaces.home import Panel, register_panel
from workspaces.navigation import Entry, Tab, register_entry, register_tab
from workspaces.permissions import Can
from workspaces.systemmail import register_letter

SEE, MANAGE = Can.SEE_SPRINTS, Can.MANAGE_WORKSPACE
BESIDE_BACKLOG = ("storytemplate", "storyimport", "score")
ENTRIES = (
    Entry("backlog", "plan", 11, _("Backlog"), "layers", "sprints:story_list", SEE, in_backlog, also=BESIDE_BACKLOG),
    Entry("ideas", "plan", 11, _("Ideas"), "inbox", "sprints:idea_list", SEE, ideas_waiting, also=("intakelink",)),
    Entry("board", "plan", 12, _("Board"), "columns-3", "sprints:board_show", SEE),
    Entry("sprints", "plan", 12, _("Sprints"), "square-kanban", "sprints:sprint_list", SEE),
    Entry("stand_up", "plan", 12, _("Stand-up"), "timer", "sprints:stand_up_today", SEE),
    Entry("poker", "plan", 12, _("Planning poker"), "spade", "sprints:poker_list", SEE, poker_waiting, alert=True),
    Entry(
        "approvals",
        "plan",
        13,
        _("Approvals"),
        "clipboard-check",
        "sprints:approval_list",
        SEE,
        approvals_waiting,
        alert=True,
    ),
    Entry("retros", "plan", 14, _("Retrospectives"), "history", "sprints:retro_list", SEE),
    Entry("team", "plan", 15, _("Team"), "user", "sprints:team_skills", SEE),
)
TABS = (
    Tab(13, _("Cadence"), "sprints:settings_cadence", Can.PLAN_SPRINTS),
    Tab(14, _("Skills"), "sprints:settings_skills", Can.PLAN_SPRINTS),
    Tab(15, _("Approval"), "sprints:settings_approval", MANAGE),
    Tab(16, _("Board"), "sprints:settings_board", MANAGE),
    Tab(16, _("Labels"), "sprints:settings_labels", Can.EDIT_STORIES),
    Tab(16, _("Poker decks"), "sprints:settings_decks", MANAGE),
    Tab(16, _("Stand-up"), "sprints:settings_stand_up", MANAGE),
)
PANELS = (
    Panel("sprint", "side", 10, SEE, "sprints/_home_sprint.html", running_sprint),
    Panel("approval", "banner", 10, SEE, "sprints/_approval_banner.html", waiting_panel),
)
LETTERS = {
    "approval": approval,
    "approval_code": approval_code,
    "approval_message": approval_message,
    "condition": condition,
    "decision": decision,
    "idea_answer": idea_answer,
    "poker_invitation": poker_invitation,
    "poker_reminder": poker_reminder,
    "retro_report": retro_report,
    "stand_up_digest": standup_letters.digest,
    "stand_up_reminder": standup_letters.reminder,
}


def take() -> None:
    for entry in ENTRIES:
        register_entry(entry)
    for tab in TABS:
        register_tab(tab)
    for panel in PANELS:
        register_panel(panel)
    for name, written in LETTERS.items():
        register_letter(f"sprints.{name}", written)
    register_moves(KINDS, sprint_moves)
    register_notices()
    register_answers()
