"""What this app's entries in the audit log say, after the name of who did it."""

from django.utils.translation import gettext_lazy as _

AUDIT_WORDS = {
    "kpi.defined": _("added the KPI"),
    "kpi.changed": _("changed the KPI"),
    "kpi.archived": _("put the KPI away"),
    "kpi.reading_entered": _("entered a reading"),
    "kpi.measured": _("had the KPI measured"),
    "goal.set": _("set the goal"),
    "goal.changed": _("changed the goal"),
    "goal.closed": _("closed the goal"),
    "principle.stated": _("wrote down the principle"),
    "principle.changed": _("changed the principle"),
    "principle.archived": _("stopped following the principle"),
}
