from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SprintsConfig(AppConfig):
    """How do we decide."""

    name = "sprints"

    def ready(self) -> None:
        """Register menu, home panels, a tab of the settings, and this app's mails."""
        from sprints.audit_words import AUDIT_WORDS
        from sprints.home import running_sprint
        from sprints.letters import approval, decision
        from sprints.notices import register_notices
        from sprints.queries import backlog_count
        from sprints.waiting import waiting_count, waiting_panel
        from workspaces.audit import describe_actions
        from workspaces.home import Panel, register_panel
        from workspaces.navigation import Entry, Tab, register_entry, register_tab
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        see = Can.SEE_SPRINTS
        register_entry(
            Entry("backlog", "plan", 11, _("Backlog"), "layers", "sprints:story_list", see, count=backlog_count)
        )
        register_entry(Entry("sprints", "plan", 12, _("Sprints"), "square-kanban", "sprints:sprint_list", see))
        register_panel(Panel("sprint", "side", 10, see, "sprints/_home_sprint.html", running_sprint))
        register_entry(
            Entry(
                "approvals",
                "plan",
                13,
                _("Approvals"),
                "clipboard-check",
                "sprints:approval_list",
                see,
                count=waiting_count,
                alert=True,
            )
        )
        register_entry(Entry("retros", "plan", 14, _("Retrospectives"), "history", "sprints:retro_list", see))
        register_panel(Panel("approval", "banner", 10, see, "sprints/_approval_banner.html", waiting_panel))
        register_tab(Tab(15, _("Approval"), "sprints:settings_approval", Can.MANAGE_WORKSPACE))
        register_letter("sprints.approval", approval)
        register_letter("sprints.decision", decision)
        register_tab(Tab(16, _("Labels"), "sprints:settings_labels", Can.EDIT_STORIES))
        register_notices()
