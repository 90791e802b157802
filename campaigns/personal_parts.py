"""What one can put into a text that differs from reader to reader."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from audience.services import current_attributes
from campaigns.rendering import POSTAL_ADDRESS, PREFERENCES, UNSUBSCRIBE
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class PersonalPart:
    """Something to insert into the text; `code` is what is inserted."""

    label: str
    code: str


def personal_parts(workspace: Workspace) -> list[PersonalPart]:
    """The parts for names first, then those for what the workspace keeps about its contacts, then the duties."""
    friend = _("friend")
    attributes = current_attributes(workspace).items()
    return [
        PersonalPart(_("First name"), f'{{{{ contact.first_name | default: "{friend}" }}}}'),
        PersonalPart(_("Last name"), "{{ contact.last_name }}"),
        PersonalPart(_("E-mail address"), "{{ contact.email }}"),
        *(PersonalPart(found.label, f"{{{{ contact.attributes.{key} }}}}") for key, found in attributes),
        PersonalPart(_("Only for some"), "{% if contact.first_name %}…{% else %}…{% endif %}"),
        PersonalPart(_("Button"), f'[{_("Words on it")}](https:// "button")'),
        PersonalPart(_("Unsubscribe link"), f"[{_('Unsubscribe')}]({{{{ {UNSUBSCRIBE} }}}})"),
        PersonalPart(_("Link to choose what to get"), f"[{_('Choose what you get')}]({{{{ {PREFERENCES} }}}})"),
        PersonalPart(_("Postal address"), f"{{{{ {POSTAL_ADDRESS} }}}}"),
    ]
