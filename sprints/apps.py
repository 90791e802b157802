from django.apps import AppConfig


class SprintsConfig(AppConfig):
    """How do we decide."""

    name = "sprints"

    def ready(self) -> None:
        """Take the places that upstream offers."""
        from sprints import places
        from sprints.audit_words import AUDIT_WORDS
        from workspaces.audit import describe_actions

        describe_actions(AUDIT_WORDS)
        places.take()
