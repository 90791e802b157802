from django.apps import AppConfig


class AudienceConfig(AppConfig):
    """To whom, and may we."""

    name = "audience"

    def ready(self) -> None:
        """Register what segments can ask, the timeline's own moments and the menu."""
        from audience import privacy_places
        from audience.audit_words import AUDIT_WORDS
        from audience.changes_timeline import change_moments
        from audience.letters import confirmation, welcome
        from audience.menu import take_entries
        from audience.own_figures import register_own_figures
        from audience.own_timeline import KINDS, contact_moments
        from audience.segments.attribute_fields import attribute_fields
        from audience.segments.contact_fields import (
            consent_fields,
            contact_fields,
            list_fields,
            segment_fields,
            share_fields,
            topic_fields,
        )
        from audience.segments.fields import register_fields
        from audience.segments.history_fields import event_fields, order_fields
        from audience.segments.profile_fields import profile_fields, rfm_fields
        from audience.segments.survey_fields import survey_fields
        from audience.services.opt_ins import CONFIRMATION, WELCOME
        from audience.survey_places import take_survey_places
        from audience.timeline import register_timeline
        from workspaces.audit import describe_actions
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        privacy_places.take()
        for source in (
            contact_fields, attribute_fields, consent_fields, list_fields, topic_fields, profile_fields, rfm_fields,
            event_fields, order_fields, survey_fields, segment_fields, share_fields,
        ):  # fmt: skip
            register_fields(source)
        register_timeline(contact_moments, KINDS)
        register_timeline(change_moments)
        register_letter(CONFIRMATION, confirmation)
        register_letter(WELCOME, welcome)
        register_own_figures()
        take_entries()
        take_survey_places()
