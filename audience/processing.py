"""The record of processing (GDPR article 30): what is kept of whom, why, on which basis, for how long, and who gets it.

Most of it is read from what the workspace does; what only people can say stands in `PrivacySettings`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from audience.models import (
    AttributeDefinition,
    Consent,
    Contact,
    ContactImport,
    ContactList,
    Following,
    ImportState,
    ImportWhat,
    Order,
    PrivacySettings,
    SignupForm,
    Site,
    Survey,
    SurveyStatus,
    Topic,
)
from audience.segments.history_fields import event_names
from audience.services.preferences import preference_page
from audience.services.privacy import privacy_settings
from audience.services.retention import RuleState, rules_of
from audience.services.visitors import KEPT
from emailops.lib.csvfile import write_table
from emailops.lib.pdf import Document
from workspaces.models import Member, Workspace

Recipients = Callable[[Workspace], Iterable[str]]
_recipients: list[Recipients] = []


def register_recipients(source: Recipients) -> None:
    """Add to whom personal data goes, such as mail servers in use; each as a line of words."""
    _recipients.append(source)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record: what it is about, and what there is to say."""

    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading with its lines; without lines, `empty` says what that means."""

    heading: str
    entries: list[Entry]
    empty: str = ""


def processing_record(workspace: Workspace) -> list[Chapter]:
    """The record in the reader's language, in the order of article 30(1)."""
    said = privacy_settings(workspace)
    return [
        Chapter(_("Who is responsible"), list(_responsible(workspace, said))),
        Chapter(_("What for, and on which basis"), list(_purposes(workspace, said))),
        Chapter(_("Whose data"), list(_people(workspace))),
        Chapter(_("Which data"), list(_categories(workspace))),
        Chapter(
            _("Where it comes from"), list(_sources(workspace)), _("No form is in use, and nothing was imported yet.")
        ),
        Chapter(_("Who gets it"), list(_who_gets_it(workspace, said))),
        Chapter(_("For how long"), list(_for_how_long(workspace))),
        Chapter(_("How it is protected"), list(_measures(said))),
    ]


def _responsible(workspace: Workspace, said: PrivacySettings) -> Iterator[Entry]:
    yield Entry(_("Controller"), said.controller or f"{workspace.name}\n{workspace.postal_address}".strip())
    yield Entry(_("Data protection officer"), said.officer or _("None named."))


def _following(workspace: Workspace) -> str:
    """As the readers' page says of whom it is kept."""
    return {
        Following.UNLESS_NO: _("Legitimate interest, article 6(1)(f), of whoever did not say no; else figures only."),
        Following.IF_YES: _("Consent of its own, article 6(1)(a); without it, figures only."),
        Following.NOBODY: _("Nobody is followed: figures only."),
    }[Following(preference_page(workspace).following)]


def _purposes(workspace: Workspace, said: PrivacySettings) -> Iterator[Entry]:
    consent = _("Consent, article 6(1)(a); withdrawn by one click in every mail.")
    yield Entry(_("Marketing mail"), consent)
    for topic in Topic.objects.for_workspace(workspace).filter(archived_at=None).order_by("position", "pk"):
        words = f"{consent} {topic.description}".strip()
        yield Entry(_("Mails about “%(topic)s”") % {"topic": topic.name}, words)
    yield Entry(_("Following opens and clicks of a person"), _following(workspace))
    if Order.objects.for_workspace(workspace).exists():
        yield Entry(_("Orders"), _("Contract, article 6(1)(b); for the books a legal duty, article 6(1)(c)."))
    if _surveys(workspace).exists():
        yield Entry(_("Surveys"), _("Consent, article 6(1)(a), given by answering."))
    if Site.objects.for_workspace(workspace).filter(is_on=True).exists():
        words = _("Consent of its own, article 6(1)(a), which the site asks for; before it nothing is stored or sent.")
        yield Entry(_("Following what people do on our web sites"), words)
    yield Entry(
        _("Not writing again to who left or was erased"),
        _("Legitimate interest, article 6(1)(f), and the duty to honour it: a keyed hash of the address."),
    )
    yield Entry(_("Showing that there was consent"), _("Duty of article 7(1)."))
    if said.purposes:
        yield Entry(_("Further purposes"), said.purposes)


def _people(workspace: Workspace) -> Iterator[Entry]:
    people = Contact.objects.for_workspace(workspace).values("consent").annotate(number=Count("pk"))
    for row in sorted(people, key=lambda row: str(row["consent"])):
        yield Entry(
            _("Contacts, consent: %(consent)s") % {"consent": Consent(row["consent"]).label.lower()},
            _number(row["number"]),
        )
    team = Member.objects.for_workspace(workspace).active().count()
    yield Entry(_("Members of the team"), _number(team))


def _number(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def _categories(workspace: Workspace) -> Iterator[Entry]:
    yield Entry(
        _("Of every contact"),
        _("Address, name, phone, language, time zone, place, id in the CRM, tags, consent log, wishes, notes."),
    )
    known = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None).order_by("position", "pk")
    for definition in known:
        words = definition.description or str(definition.get_kind_display())
        yield Entry(_("Attribute “%(name)s”") % {"name": definition.shown_label}, words)
    lists = ContactList.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk")
    if names := ", ".join(lists.values_list("name", flat=True)):
        yield Entry(_("Lists"), names)
    if names := ", ".join(event_names(workspace)):
        yield Entry(_("Events"), names)
    if Order.objects.for_workspace(workspace).exists():
        yield Entry(_("Orders"), _("Number in the shop, day, status, sum, products with quantity and price."))
    for survey in _surveys(workspace):
        named = _("without names") if survey.is_anonymous else _("with the name where the link came by mail")
        yield Entry(_("Answers to survey “%(survey)s”") % {"survey": survey}, named)
    if Site.objects.for_workspace(workspace).exists():
        yield Entry(_("On web sites"), _("A random number of the browser, events, orders, pages seen; no cookie."))
    yield Entry(_("Mails"), _("Which mail was sent when, how the receiving server answered, opens and clicks."))


def _sources(workspace: Workspace) -> Iterator[Entry]:
    for form in SignupForm.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk"):
        basis = _("asked by mail") if form.is_double_opt_in else _("at once")
        yield Entry(_("Form “%(name)s”") % {"name": form.name}, f"{form.consent_wording} ({basis})")
    for site in Site.objects.for_workspace(workspace).filter(is_on=True).order_by("name", "pk"):
        yield Entry(_("Web site “%(name)s”") % {"name": site}, ", ".join(site.origins))
    done = ContactImport.objects.for_workspace(workspace).filter(state=ImportState.DONE)
    for found in done.order_by("-created_at", "-pk")[:50]:
        yield Entry(
            _("Import of %(day)s, “%(file)s”")
            % {"day": date_format(found.created_at, "SHORT_DATE_FORMAT"), "file": found.filename},
            _basis_of(found),
        )


def _surveys(workspace: Workspace) -> "QuerySet[Survey]":
    """Those that people were or are asked."""
    asked = Survey.objects.for_workspace(workspace).exclude(status=SurveyStatus.DRAFT)
    return asked.order_by("name", "pk")


def _basis_of(found: ContactImport) -> str:
    if found.what != ImportWhat.PEOPLE and not found.adds_people:
        return str(found.get_what_display())
    if found.consent != Consent.GIVEN:
        return _("No consent was brought along; nobody of it is written to before agreeing.")
    return f"{found.consent_source}: “{found.consent_wording}”"


def _who_gets_it(workspace: Workspace, said: PrivacySettings) -> Iterator[Entry]:
    yield Entry(_("The team"), _("By role; a seller sees the people he or she looks after."))
    for source in _recipients:
        for words in source(workspace):
            yield Entry(_("Mail server"), words)
    yield Entry(_("Processors and other recipients"), said.processors or _("None named."))
    yield Entry(_("Transfers to other countries"), said.transfers or _("None named."))


def _for_how_long(workspace: Workspace) -> Iterator[Entry]:
    for state in rules_of(workspace):
        yield Entry(str(state.keeping.label), _kept_for(state))
    if Site.objects.for_workspace(workspace).exists():
        words = ngettext("%(days)d day, then: deleted", "%(days)d days, then: deleted", KEPT.days) % {"days": KEPT.days}
        yield Entry(_("Browsers on web sites, and what unknown ones did"), words)
    yield Entry(_("Everything about a person who asks for it"), _("Erased without delay, at the latest in a month."))


def _kept_for(state: RuleState) -> str:
    """By the rule, where it is on; some data goes in any case."""
    rule, most = state.rule, state.keeping.most_days
    if not rule.is_on and most is None:
        return _("Until the person or the team deletes it.")
    kept = min(days for days in (rule.days if rule.is_on else None, most) if days is not None)
    words = ngettext("%(days)d day, then: %(what)s", "%(days)d days, then: %(what)s", kept)
    return words % {"days": kept, "what": rule.get_handling_display()}


def _measures(said: PrivacySettings) -> Iterator[Entry]:
    yield Entry(_("Access"), _("Roles, a permission for every page and every key, two factors on request."))
    yield Entry(_("Traces"), _("Every change is in the audit log, every export and every copy too."))
    yield Entry(_("Secrets"), _("Sealed by AES-256-GCM; of suppressed addresses a keyed hash is kept."))
    yield Entry(_("Less data"), _("Networks of readers are cut to /24 or /48 before they are stored."))
    if said.measures:
        yield Entry(_("Further measures"), said.measures)


def record_pdf(workspace: Workspace, now: datetime) -> bytes:
    """The record to print and keep, in the reader's language."""
    title = _("Record of processing activities")
    day = date_format(now.astimezone(workspace.zone), "DATE_FORMAT")
    made = _("%(workspace)s, as of %(day)s") % {"workspace": workspace, "day": day}
    document = Document(title, language=get_language() or "en", footer_text=made)
    document.paragraph(_("According to article 30 of the General Data Protection Regulation."), soft=True)
    for chapter in processing_record(workspace):
        document.heading(chapter.heading)
        rows = [(entry.label, entry.words) for entry in chapter.entries]
        if rows:
            document.rows((_("What"), _("Details")), rows, (3, 7))
        else:
            document.paragraph(chapter.empty)
    return document.made()


def record_csv(workspace: Workspace) -> Iterator[str]:
    rows = (
        (chapter.heading, entry.label, entry.words)
        for chapter in processing_record(workspace)
        for entry in chapter.entries
    )
    return write_table([_("Chapter"), _("What"), _("Details")], rows)
