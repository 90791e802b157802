from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AudienceConfig(AppConfig):
    """To whom, and may we."""

    name = "audience"

    def ready(self) -> None:
        """Register what segments can ask, the timeline's own moments and the menu."""
        from audience.audit_words import AUDIT_WORDS
        from audience.letters import confirmation, welcome
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
        from audience.services.opt_ins import CONFIRMATION, WELCOME
        from audience.timeline import register_timeline
        from workspaces.audit import describe_actions
        from workspaces.navigation import Entry, register_entry
        from workspaces.permissions import Can
        from workspaces.systemmail import register_letter

        describe_actions(AUDIT_WORDS)
        for source in (
            contact_fields, attribute_fields, consent_fields, list_fields, topic_fields, profile_fields, rfm_fields,
            event_fields, order_fields, segment_fields, share_fields,
        ):  # fmt: skip
            register_fields(source)
        register_timeline(contact_moments, KINDS)
        register_letter(CONFIRMATION, confirmation)
        register_letter(WELCOME, welcome)
        see = Can.SEE_AUDIENCE
        register_entry(Entry("contacts", "audience", 30, _("Contacts"), "users", "audience:contact_list", see))
        register_entry(Entry("segments", "audience", 31, _("Segments"), "chart-pie", "audience:segment_list", see))
        register_entry(Entry("imports", "audience", 32, _("Imports"), "import", "audience:import_list", see))
        register_entry(
            Entry("orders", "audience", 33, _("Orders and events"), "shopping-bag", "audience:order_list", see)
        )
        register_entry(Entry("topics", "audience", 34, _("Topics"), "tag", "audience:topic_list", see))
        register_entry(Entry("forms", "audience", 35, _("Forms"), "file-text", "audience:form_list", see))
