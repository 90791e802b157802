from django.apps import AppConfig


class SprintsConfig(AppConfig):
    """How do we decide."""

    name = "sprints"

    def ready(self) -> None:
        """Take the places that upstream offers."""
        from audience.merging import register_mover
        from sprints import places
        from sprints.audit_words import AUDIT_WORDS
        from sprints.disclosing import register_disclosing
        from sprints.merging import move_voices
        from sprints.privacy import register_erasing
        from workspaces.audit import describe_actions

        describe_actions(AUDIT_WORDS)
        register_mover(move_voices)
        register_erasing()
        register_disclosing()
        places.take()
