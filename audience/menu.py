"""The app's entries in the menu. Surveys and privacy bring their own."""

from django.utils.translation import gettext_lazy as _

from workspaces.navigation import Entry, register_entry
from workspaces.permissions import Can

SEE = Can.SEE_AUDIENCE
CONTACTS_TOO = ("list", "attribute", "bulk", "duplicate", "export")
ORDERS_TOO = ("event", "site")
ENTRIES = (
    Entry("contacts", "audience", 30, _("Contacts"), "users", "audience:contact_list", SEE, also=CONTACTS_TOO),
    Entry("segments", "audience", 31, _("Segments"), "chart-pie", "audience:segment_list", SEE),
    Entry("imports", "audience", 32, _("Imports"), "import", "audience:import_list", SEE),
    Entry(
        "orders", "audience", 33, _("Orders and events"), "shopping-bag", "audience:order_list", SEE, also=ORDERS_TOO
    ),
    Entry("topics", "audience", 34, _("Topics"), "tag", "audience:topic_list", SEE),
    Entry("forms", "audience", 35, _("Forms"), "file-text", "audience:form_list", SEE),
)


def take_entries() -> None:
    for entry in ENTRIES:
        register_entry(entry)
