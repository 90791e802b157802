"""The pages that are looked at in a real browser: in light and dark, wide and narrow, by axe, under our CSP.

Each names the route and how to find, in the sample company, the rows that the address names. A test fails when a page
of the permission matrix is missing here. A word after the name marks the same page of another kind of row.
"""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils import timezone

from audience.models import (
    AttributeDefinition,
    BulkEdit,
    Contact,
    ContactImport,
    ContactList,
    ErasureRecord,
    OptInRequest,
    Order,
    RequestKind,
    Segment,
    SignupForm,
    Site,
    Survey,
    SurveyAnswer,
    SurveyQuestion,
    Topic,
)
from audience.services.erasures import erase_address
from audience.services.opt_ins import opt_in_token
from audience.services.preferences import preferences_token
from audience.services.privacy import ask_about_data, privacy_token
from audience.services.signup import form_token
from audience.services.survey_answers import survey_token
from campaigns.models import Campaign
from delivery.links import unsubscribe_url
from delivery.models import Delivery, SandboxMessage, SigningKey, Transport
from sprints.models import (
    ApprovalCondition,
    ApprovalRequest,
    Checklist,
    ChecklistItem,
    IntakeLink,
    Label,
    PokerDeck,
    PokerSeat,
    PokerSession,
    RetroReportMail,
    Sprint,
    StandUp,
    Story,
    StoryComment,
    StoryImport,
    StoryTemplate,
)
from sprints.services.answer_stories import stories_of
from sprints.services.approval_links import approval_token
from sprints.services.condition_links import condition_token
from sprints.services.ideas import link_token
from sprints.services.poker.guests import guest_token, seat_token
from sprints.services.retro_reports import report_token
from strategy.models import Goal, Kpi, Principle
from workspaces.models import Member, Workspace
from workspaces.notices.wishes import way_out

Find = Callable[[Workspace], dict[str, Any]]


def nothing(_workspace: Workspace) -> dict[str, Any]:
    return {}


def _first(model: Any, **conditions: Any) -> Find:
    def find(workspace: Workspace) -> dict[str, Any]:
        return {"pk": model.objects.for_workspace(workspace).filter(**conditions).order_by("pk").first().pk}

    return find


def _a_kind(_workspace: Workspace) -> dict[str, Any]:
    return {"kind": "inactive_contacts"}


def _a_receipt(workspace: Workspace) -> dict[str, Any]:
    """The receipt of somebody who never was a contact."""
    found = ErasureRecord.objects.for_workspace(workspace).first()
    made = found or erase_address(workspace=workspace, email="gone@example.org", by=None, now=timezone.now())
    return {"pk": made.pk}


def _everybody(_workspace: Workspace) -> dict[str, Any]:
    return {"query": "?all=1"}


def _two_contacts(workspace: Workspace) -> dict[str, Any]:
    first, second = Contact.objects.for_workspace(workspace).order_by("pk")[:2]
    return {"pk": first.pk, "other_pk": second.pk}


def _survey_of_questions(workspace: Workspace) -> dict[str, Any]:
    return {"survey_pk": Survey.objects.for_workspace(workspace).latest("pk").pk}


def _answer_without_story(workspace: Workspace) -> dict[str, Any]:
    made = stories_of(SurveyAnswer.objects.for_workspace(workspace))
    return {"pk": SurveyAnswer.objects.for_workspace(workspace).exclude(pk__in=made).latest("pk").pk}


PAGES: dict[str, Find] = {
    "workspaces:home": nothing,
    "workspaces:profile": nothing,
    "workspaces:notice_list": nothing,
    "workspaces:notice_settings": nothing,
    "workspaces:settings_general": nothing,
    "workspaces:settings_brand": nothing,
    "workspaces:settings_members": nothing,
    "workspaces:settings_keys": nothing,
    "workspaces:settings_audit": nothing,
    "audience:contact_list": nothing,
    "audience:contact_new": nothing,
    "audience:contact_detail": _first(Contact),
    "audience:contact_edit": _first(Contact),
    "audience:contact_erase": _first(Contact),
    "audience:privacy_list": nothing,
    "audience:privacy_erasure": _a_receipt,
    "audience:privacy_retention": nothing,
    "audience:privacy_rule": _a_kind,
    "audience:privacy_record": nothing,
    "audience:contact_wishes": _first(Contact),
    "audience:topic_list": nothing,
    "audience:topic_page": nothing,
    "audience:topic_edit": _first(Topic),
    "audience:form_list": nothing,
    "audience:form_new": nothing,
    "audience:form_detail": _first(SignupForm),
    "audience:form_edit": _first(SignupForm),
    "audience:survey_list": nothing,
    "audience:survey_new": nothing,
    "audience:survey_detail": _first(Survey),
    "audience:survey_edit": _first(Survey),
    "audience:question_new": _survey_of_questions,
    "audience:question_edit": _first(SurveyQuestion),
    "audience:answer_detail": _first(SurveyAnswer),
    "audience:list_list": nothing,
    "audience:list_edit": _first(ContactList),
    "audience:attribute_list": nothing,
    "audience:attribute_edit": _first(AttributeDefinition),
    "audience:duplicate_list": nothing,
    "audience:contact_merge": _two_contacts,
    "audience:bulk_list": nothing,
    "audience:bulk_new": _everybody,
    "audience:bulk_detail": _first(BulkEdit),
    "audience:segment_list": nothing,
    "audience:segment_new": nothing,
    "audience:segment_new_json": nothing,
    "audience:segment_edit": _first(Segment),
    "audience:export": nothing,
    "audience:segment_json": _first(Segment),
    "audience:order_list": nothing,
    "audience:order_detail": _first(Order),
    "audience:event_list": nothing,
    "audience:site_list": nothing,
    "audience:site_detail": _first(Site),
    "audience:import_list": nothing,
    "audience:import_detail": _first(ContactImport, state="done"),
    "audience:import_map": _first(ContactImport, state="mapping"),
    "strategy:goal_list": nothing,
    "strategy:goal_new": nothing,
    "strategy:goal_detail": _first(Goal, closed_at=None),
    "strategy:goal_edit": _first(Goal, closed_at=None),
    "strategy:kpi_list": nothing,
    "strategy:kpi_new": nothing,
    "strategy:kpi_detail": _first(Kpi, archived_at=None),
    "strategy:kpi_edit": _first(Kpi, archived_at=None),
    "strategy:principle_list": nothing,
    "strategy:principle_new": nothing,
    "strategy:principle_edit": _first(Principle, archived_at=None),
    "sprints:story_list": nothing,
    "sprints:story_new": nothing,
    "sprints:story_answer": _answer_without_story,
    "sprints:story_detail": _first(Story, kind="campaign"),
    "sprints:story_detail unplanned": _first(Story, sprint=None, dropped_at=None),
    "sprints:story_edit": _first(Story),
    "sprints:story_hypothesis": _first(Story, kind="campaign"),
    "sprints:story_brief": _first(Story, kind="campaign"),
    "sprints:story_paste": nothing,
    "sprints:story_score": _first(Story, kind="campaign"),
    "sprints:story_origin": _first(Story, kind="campaign"),
    "sprints:score_formula": nothing,
    "sprints:storytemplate_list": nothing,
    "sprints:storytemplate_new": nothing,
    "sprints:storytemplate_edit": _first(StoryTemplate),
    "sprints:storyimport_list": nothing,
    "sprints:storyimport_map": _first(StoryImport, step="mapping"),
    "sprints:idea_list": nothing,
    "sprints:intakelink_list": nothing,
    "sprints:board_show": nothing,
    "sprints:story_place": _first(Story, sprint__state="running"),
    "sprints:story_block": _first(Story, blockers__resolved_at=None, blockers__isnull=False),
    "sprints:settings_board": nothing,
    "sprints:story_detail talked about": _first(Story, comments__isnull=False, checklists__isnull=False),
    "sprints:story_field": lambda workspace: {**_first(Story, dropped_at=None)(workspace), "name": "points"},
    "sprints:comment_edit": _first(StoryComment, removed_at=None),
    "sprints:comment_versions": _first(StoryComment, edited_at__isnull=False),
    "sprints:checklist_edit": _first(Checklist),
    "sprints:step_edit": _first(ChecklistItem),
    "sprints:settings_labels": nothing,
    "sprints:label_edit": _first(Label),
    "sprints:label_remove": _first(Label),
    "sprints:sprint_list": nothing,
    "sprints:sprint_new": nothing,
    "sprints:sprint_detail": _first(Sprint, state="running"),
    "sprints:sprint_detail planning": _first(Sprint, state="planning"),
    "sprints:sprint_detail closed": _first(Sprint, state="closed"),
    "sprints:sprint_edit": _first(Sprint, state="planning"),
    "sprints:sprint_close": _first(Sprint, state="running"),
    "sprints:sprint_cancel": _first(Sprint, state="planning"),
    "sprints:sprint_target": _first(Sprint, state="running"),
    "sprints:sprint_capacity": _first(Sprint, state="planning"),
    "sprints:sprint_scope": _first(Sprint, state="running"),
    "sprints:sprint_charts": _first(Sprint, state="running"),
    "sprints:sprint_charts closed": _first(Sprint, state="closed"),
    "sprints:settings_cadence": nothing,
    "sprints:settings_skills": nothing,
    "sprints:team_skills": nothing,
    "sprints:team_charts": nothing,
    "sprints:team_member": _first(Member, left_at=None),
    "sprints:story_skills": _first(Story, skill_points__isnull=False),
    "sprints:approval_list": nothing,
    "sprints:approval_request": _first(Sprint, state="planning"),
    "sprints:approval_detail": _first(ApprovalRequest, subject="sprint"),
    "sprints:settings_approval": nothing,
    "sprints:approval_log": nothing,
    "sprints:delegation_list": nothing,
    "sprints:owner_rules_edit": nothing,
    "sprints:goal_approval_request": _first(Goal, closed_at=None),
    "sprints:principle_approval_request": _first(Principle, archived_at=None),
    "sprints:plan_approval_request": nothing,
    "sprints:stand_up_today": nothing,
    "sprints:stand_up_round": nothing,
    "sprints:stand_up_list": nothing,
    "sprints:stand_up_detail": _first(StandUp, entries__isnull=False),
    "sprints:sprint_blockers": _first(Sprint, state="running"),
    "sprints:settings_stand_up": nothing,
    "sprints:retro_list": nothing,
    "sprints:retro_detail": _first(Sprint, state="closed"),
    "sprints:poker_list": nothing,
    "sprints:poker_new": nothing,
    "sprints:poker_detail": _first(PokerSession, state="open", mode="live"),
    "sprints:poker_detail window": _first(PokerSession, state="open", mode="window"),
    "sprints:poker_detail ended": _first(PokerSession, state="ended"),
    "sprints:poker_lead": _first(PokerSession, state="open", mode="live"),
    "sprints:poker_lead window": _first(PokerSession, state="open", mode="window"),
    "sprints:poker_calibration": nothing,
    "sprints:settings_decks": nothing,
    "sprints:settings_deck_edit": _first(PokerDeck),
    "sprints:retro_detail running": _first(Sprint, state="running"),
    "sprints:retro_report": _first(Sprint, state="closed"),
    "campaigns:campaign_list": nothing,
    "campaigns:campaign_new": nothing,
    "campaigns:campaign_detail": _first(Campaign, state="draft"),
    "campaigns:campaign_detail scheduled": _first(Campaign, state="scheduled"),
    "campaigns:campaign_detail sent": _first(Campaign, state="sent"),
    "campaigns:campaign_edit": _first(Campaign, state="draft"),
    "campaigns:campaign_content": _first(Campaign, state="draft", content__isnull=False),
    "campaigns:campaign_content sent": _first(Campaign, state="sent"),
    "campaigns:campaign_checks": _first(Campaign, state="draft"),
    "campaigns:campaign_schedule": _first(Campaign, state="draft"),
    "campaigns:campaign_schedule scheduled": _first(Campaign, state="scheduled"),
    "campaigns:campaign_ask_owner": _first(Campaign, state="draft"),
    "campaigns:campaign_ask_launch": _first(Campaign, state="draft"),
    "campaigns:settings_senders": nothing,
    "delivery:settings_transports": nothing,
    "delivery:transport_new": nothing,
    "delivery:transport_edit": _first(Transport, kind="smtp"),
    "delivery:transport_edit provider": _first(Transport, kind="provider"),
    "delivery:transport_try": _first(Transport, trials__isnull=False),
    "delivery:run_panel": _first(Campaign, state="sent"),
    "delivery:recipient_list": _first(Campaign, state="sent"),
    "delivery:settings_speed": nothing,
    "delivery:settings_speed_warm_up": lambda workspace: {"server": _first(Transport, kind="smtp")(workspace)["pk"]},
    "delivery:settings_safety": nothing,
    "delivery:campaign_test": _first(Campaign, state="draft", content__isnull=False),
    "delivery:settings_signing": nothing,
    "delivery:settings_signing_key": _first(SigningKey, state="active"),
    "delivery:settings_signing_key waiting": _first(SigningKey, state="new"),
    "delivery:settings_signing_key retired": _first(SigningKey, state="retired"),
    "delivery:settings_signing_retire": _first(SigningKey, state="active"),
    "insights:campaign_report": _first(Campaign, state="sent"),
}


def _owners_link(workspace: Workspace) -> str:
    """The page that the owner sees through the newest mail about a plan."""
    waiting = ApprovalRequest.objects.for_workspace(workspace).open().filter(subject="sprint").latest("pk")
    return reverse("sprints:approve", args=[approval_token(waiting)])


def _condition_link(workspace: Workspace) -> str:
    """The page on which somebody says that a condition is met."""
    named = ApprovalCondition.objects.for_workspace(workspace).exclude(named=None)
    return reverse("sprints:condition_by_link", args=[condition_token(named.latest("pk"))])


def _guests_link(workspace: Workspace) -> str:
    """What a guest of planning poker opens first."""
    session = PokerSession.objects.for_workspace(workspace).open().exclude(link_nonce=None).latest("pk")
    return reverse("sprints:poker_join", args=[guest_token(session)])


def _guests_seat(workspace: Workspace) -> str:
    """The table as a guest sees it."""
    seats = PokerSeat.objects.for_workspace(workspace).filter(member=None, left_at=None, session__state="open")
    return reverse("sprints:poker_guest", args=[seat_token(seats.select_related("session").latest("pk"))])


def _report_answer(workspace: Workspace) -> str:
    """What a business owner answers from the mail with the report of a retrospective."""
    return reverse(
        "sprints:retro_answer", args=[report_token(RetroReportMail.objects.for_workspace(workspace).latest("pk"))]
    )


def _idea_page(workspace: Workspace) -> str:
    """The page on which anybody leaves an idea."""
    return reverse("sprints:idea_page", args=[link_token(IntakeLink.objects.for_workspace(workspace).latest("pk"))])


def _way_out_of_news(workspace: Workspace) -> str:
    """The page behind the link at the end of a mail of news."""
    return reverse("workspaces:notices_off", args=[way_out(Member.objects.for_workspace(workspace).latest("pk"))])


def _readers_way_out(workspace: Workspace) -> str:
    """The page behind the unsubscribe link of a mail that was sent."""
    return unsubscribe_url(Delivery.objects.for_workspace(workspace).filter(state="sent").latest("pk").pk)


def _readers_page(workspace: Workspace) -> str:
    """The page on which a reader chooses what to get."""
    reachable = Contact.objects.for_workspace(workspace).reachable()
    return reverse("audience:preferences", args=[preferences_token(reachable.latest("pk").pk)])


def _readers_data(workspace: Workspace) -> str:
    """The page on which a reader asks for the data that is kept."""
    reader = Contact.objects.for_workspace(workspace).reachable().latest("pk")
    return reverse("audience:privacy_ask", args=[preferences_token(reader.pk)])


def _readers_request(workspace: Workspace) -> str:
    """The page behind the link in the mail about an erasure."""
    reader = Contact.objects.for_workspace(workspace).select_related("workspace").reachable().latest("pk")
    asked = ask_about_data(contact=reader, kind=RequestKind.ERASURE, evidence={}, now=timezone.now())
    return reverse("audience:privacy_link", args=[privacy_token(asked)])


def _signup_page(workspace: Workspace) -> str:
    """The page on which anybody asks for mail."""
    return reverse("audience:signup_page", args=[form_token(SignupForm.objects.for_workspace(workspace).latest("pk"))])


def _opt_in_page(workspace: Workspace) -> str:
    """The page behind the mail that asks whether we may write, before anybody has agreed."""
    asked = OptInRequest.objects.for_workspace(workspace).filter(confirmed_at=None).latest("pk")
    return reverse("audience:opt_in", args=[opt_in_token(asked)])


def _survey_page(workspace: Workspace) -> str:
    """The page on which anybody answers."""
    survey = Survey.objects.for_workspace(workspace).filter(status="open").latest("pk")
    return reverse("audience:survey_page", args=[survey_token(survey)])


def _kept_mail(_workspace: Workspace) -> str:
    return reverse("sandbox:message_detail", args=[SandboxMessage.objects.latest("pk").pk])


PUBLIC_PAGES: dict[str, Callable[[Workspace], str]] = {
    "account_login": lambda _workspace: reverse("account_login"),
    "account_reset_password": lambda _workspace: reverse("account_reset_password"),
    "api:reference": lambda _workspace: reverse("api:reference"),
    "workspaces:new": lambda _workspace: reverse("workspaces:new"),
    "workspaces:notices_off": _way_out_of_news,
    "sprints:approve": _owners_link,
    "sprints:condition_by_link": _condition_link,
    "sprints:poker_join": _guests_link,
    "sprints:poker_guest": _guests_seat,
    "sprints:idea_page": _idea_page,
    "sprints:retro_answer": _report_answer,
    "delivery:unsubscribe": _readers_way_out,
    "audience:preferences": _readers_page,
    "audience:privacy_ask": _readers_data,
    "audience:privacy_link": _readers_request,
    "audience:opt_in": _opt_in_page,
    "audience:signup_page": _signup_page,
    "audience:signup_frame": lambda workspace: f"{_signup_page(workspace)}/frame",
    "audience:survey_page": _survey_page,
    "audience:survey_frame": lambda workspace: f"{_survey_page(workspace)}/frame",
    "sandbox:message_list": lambda _workspace: reverse("sandbox:message_list"),
    "sandbox:message_detail": _kept_mail,
}
"""Pages outside a workspace, by the address itself."""

NOT_A_PAGE = {
    "sprints:approval_card": "a card, looked at on the page of its sprint",
    "sprints:approval_waiting": "a banner, looked at on the home page",
    "sprints:story_find": "choices of a field, looked at in it",
    "sprints:sprint_scope_csv": "a CSV",
    "sprints:team_skills_csv": "a CSV",
    "workspaces:notice_bell": "the bell of the header, looked at on every page",
    "sprints:attachment_file": "a file",
    "audience:segment_preview": "a fragment of the builder, looked at inside it",
    "audience:form_mail": "a mail's own HTML in a frame, looked at on the page of its form",
    "audience:form_mail_draft": "the same, beside the form that writes it",
    "audience:form_preview": "a fragment, looked at beside the form that it shows",
    "audience:survey_preview": "a fragment, looked at beside the survey that it shows",
    "audience:question_preview": "a fragment, looked at beside the question that it shows",
    "audience:import_refusals": "a CSV",
    "audience:privacy_receipt": "a JSON file",
    "audience:privacy_sales": "a CSV",
    "audience:privacy_record_pdf": "a PDF",
    "audience:privacy_record_csv": "a CSV",
    "sprints:storyimport_refusals": "a CSV",
    "sprints:storyimport_detail": "three figures and a list, made of the parts of its upload; the sample file waits",
    "delivery:recipients_csv": "a CSV",
    "workspaces:live": "a stream without an end",
    "sprints:retro_pdf": "a PDF",
    "campaigns:campaign_preview": "a mail's own HTML in a frame, looked at on the pages of its campaign",
    "sprints:approval_log_csv": "a CSV",
    "sprints:approval_log_pdf": "a PDF",
    "sprints:approval_pdf": "a PDF",
    "sprints:approval_mail": "a mail's own HTML in a frame, looked at on the page of its request",
}
