from django.apps import AppConfig


class SprintsConfig(AppConfig):
    """How do we decide."""

    name = "sprints"

    def ready(self) -> None:
        """Register the menu and this app's mails."""
        from sprints.letters import approval, decision
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        see = Can.SEE_SPRINTS
        # register_entry(Entry("backlog", "plan", 11, _("Backlog"), "layers", "sprints:story_list", see))
        # register_entry(Entry("sprints", "plan", 12, _("Sprints"), "square-kanban", "sprints:sprint_list", see))
        # register_entry(Entry("approvals", "plan", 13, _("Approvals"), "clipboard-check", "sprints:approval_list", see))
        # register_entry(Entry("retros", "plan", 14, _("Retrospectives"), "history", "sprints:retro_list", see))
        register_letter("sprints.approval", approval)
        register_letter("sprints.decision", decision)
