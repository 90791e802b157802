"""Holding a retrospective in the browser: steps, time, people, topics, votes. Each answer is the room anew."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from sprints.forms.retro_rooms import (
    DecisionForm,
    GatherForm,
    LeadForm,
    MergeForm,
    PhaseForm,
    SettleForm,
    TimerForm,
    TopicForm,
    WaysForm,
    WorthForm,
)
from sprints.forms.retros import ActionForm, NoteForm
from sprints.models import ActionState, RetroAction, RetroGroup, RetroNote, RetroPhase, Sprint
from sprints.services import retro_gathering, retro_groups, retro_rooms, retros
from sprints.services.retro_access import RetroRefused
from sprints.views.retro_pages import back_to_room, begun_sprints, retro_page, room_address
from sprints.views.returning import back
from workspaces.forms import StyledForm
from workspaces.http import MemberRequest, action, shown_on
from workspaces.permissions import Can

TAKE_PART = Can.EDIT_STORIES


def _sprint(request: MemberRequest, pk: int) -> Sprint:
    return get_object_or_404(begun_sprints(request.workspace), pk=pk)


def _topic(request: MemberRequest, pk: int) -> RetroGroup:
    topics = RetroGroup.objects.for_workspace(request.workspace).select_related("retro__sprint__workspace")
    return get_object_or_404(topics, pk=pk)


def _note(request: MemberRequest, pk: int) -> RetroNote:
    notes = RetroNote.objects.for_workspace(request.workspace).seen_by(request.member)
    return get_object_or_404(notes.select_related("sprint__workspace", "group"), pk=pk)


def _asked(form: StyledForm) -> dict[str, Any]:
    """What a form of one control says; what is wrong with it becomes a refusal, which has a place on every page."""
    if not form.is_valid():
        raise RetroRefused(" ".join(str(word) for words in form.errors.values() for word in words))
    return form.cleaned_data


@action(TAKE_PART)
def retro_begin(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    retro_rooms.begin_retro(sprint=sprint, by=request.member, now=request.now)
    return back_to_room(request, sprint)


@action(TAKE_PART)
def retro_join(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    retro_rooms.join_retro(sprint=sprint, by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_phase(request: MemberRequest, pk: int) -> HttpResponse:
    sprint, asked = _sprint(request, pk), _asked(PhaseForm(request.POST))
    phase = RetroPhase(asked["phase"])
    retro_rooms.go_to_phase(sprint=sprint, phase=phase, by=request.member, now=request.now)
    return back_to_room(request, sprint)


@action(TAKE_PART)
def retro_timer(request: MemberRequest, pk: int) -> HttpResponse:
    """Set, stop or lengthen the time of the step."""
    sprint, asked = _sprint(request, pk), _asked(TimerForm(request.POST))
    if asked["more"]:
        retro_rooms.add_time(sprint=sprint, minutes=asked["more"], by=request.member, now=request.now)
    else:
        retro_rooms.set_timer(sprint=sprint, minutes=asked["minutes"], by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_ready(request: MemberRequest, pk: int) -> HttpResponse:
    sprint, is_ready = _sprint(request, pk), request.POST.get("ready") == "on"
    retro_rooms.say_ready(sprint=sprint, is_ready=is_ready, by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_lead(request: MemberRequest, pk: int) -> HttpResponse:
    """Hand the retrospective over, or take it."""
    sprint = _sprint(request, pk)
    asked = _asked(LeadForm(request.POST, workspace=request.workspace))
    retro_rooms.hand_over(sprint=sprint, to=asked["member"], by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_ways(request: MemberRequest, pk: int) -> HttpResponse:
    """How it is done: prompts, votes, anonymity."""
    sprint, form = _sprint(request, pk), WaysForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            for_next = form.cleaned_data.pop("for_next")
            ways = retro_rooms.Ways(**form.cleaned_data)
            retro_rooms.set_ways(sprint=sprint, ways=ways, for_next=for_next, by=request.member, now=request.now)
            return back(request, room_address(sprint))
    return retro_page(request, sprint, ways_form=form)


@action(TAKE_PART)
def retro_reveal(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the votes, or open the voting again."""
    sprint, is_shown = _sprint(request, pk), request.POST.get("shown") == "on"
    retro_groups.reveal_votes(sprint=sprint, is_shown=is_shown, by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_worth(request: MemberRequest, pk: int) -> HttpResponse:
    sprint, asked = _sprint(request, pk), _asked(WorthForm(request.POST))
    retro_rooms.rate_worth(sprint=sprint, stars=asked["stars"], by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_close(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    mails_report = request.POST.get("mails_report") == "on"
    retro_rooms.close_retro(sprint=sprint, by=request.member, now=request.now, mails_report=mails_report)
    return back_to_room(request, sprint)


@action(TAKE_PART)
def retro_gather(request: MemberRequest, pk: int) -> HttpResponse:
    """Put ticked notes together, or each by itself."""
    sprint = _sprint(request, pk)
    asked = _asked(GatherForm(request.POST, sprint=sprint))
    notes = list(asked["notes"].select_related("sprint__workspace", "group"))
    if asked["apart"]:
        retro_gathering.part_notes(notes=notes, by=request.member, now=request.now)
    else:
        retro_gathering.gather_notes(notes=notes, to=asked["topic"], by=request.member, now=request.now)
    return back(request, room_address(sprint))


@action(TAKE_PART)
def retro_topic_name(request: MemberRequest, pk: int) -> HttpResponse:
    topic, asked = _topic(request, pk), _asked(TopicForm(request.POST))
    retro_groups.name_group(group=topic, name=asked["name"], by=request.member, now=request.now)
    return back(request, room_address(topic.retro.sprint))


@action(TAKE_PART)
def retro_topic_decide(request: MemberRequest, pk: int) -> HttpResponse:
    topic, asked = _topic(request, pk), _asked(DecisionForm(request.POST))
    retro_groups.decide_on(group=topic, decision=asked["decision"], by=request.member, now=request.now)
    return back(request, room_address(topic.retro.sprint))


@action(TAKE_PART)
def retro_topic_merge(request: MemberRequest, pk: int) -> HttpResponse:
    topic = _topic(request, pk)
    asked = _asked(MergeForm(request.POST, sprint=topic.retro.sprint))
    retro_groups.merge_groups(group=topic, into=asked["into"], by=request.member, now=request.now)
    return back(request, room_address(topic.retro.sprint))


@action(TAKE_PART)
def retro_topic_vote(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a topic a vote, or take one back."""
    topic = _topic(request, pk)
    verb = retro_groups.take_vote_back if request.POST.get("back") else retro_groups.cast_vote
    verb(group=topic, by=request.member, now=request.now)
    return back(request, room_address(topic.retro.sprint))


@action(TAKE_PART)
def retro_topic_discuss(request: MemberRequest, pk: int) -> HttpResponse:
    topic = _topic(request, pk)
    retro_groups.discuss(group=topic, by=request.member, now=request.now)
    return back(request, room_address(topic.retro.sprint))


@action(TAKE_PART)
def retro_note_add(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    kind = request.POST.get("kind", "")
    form = NoteForm(request.POST, auto_id=f"{kind}-%s")
    if form.is_valid():
        with shown_on(form):
            retros.add_note(sprint=sprint, by=request.member, now=request.now, **form.cleaned_data)
            return retro_page(request, sprint, fresh=kind) if request.htmx else back_to_room(request, sprint, "notes")
    return retro_page(request, sprint, note_form=form)


@action(TAKE_PART)
def retro_note_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back one's own note."""
    note = _note(request, pk)
    retros.remove_note(note=note, by=request.member, now=request.now)
    return back(request, room_address(note.sprint, "notes"))


@action(TAKE_PART)
def retro_note_report(request: MemberRequest, pk: int) -> HttpResponse:
    """Let the owner read a note, or not any more."""
    note, in_report = _note(request, pk), request.POST.get("report") == "on"
    retros.mark_for_report(note=note, in_report=in_report, by=request.member, now=request.now)
    return back(request, room_address(note.sprint, "notes"))


@action(TAKE_PART)
def retro_action_add(request: MemberRequest, pk: int) -> HttpResponse:
    sprint = _sprint(request, pk)
    form = ActionForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        with shown_on(form):
            retros.agree_action(sprint=sprint, by=request.member, now=request.now, **form.cleaned_data)
            return back_to_room(request, sprint, "agreed")
    return retro_page(request, sprint, action_form=form)


def _agreed(request: MemberRequest, pk: int) -> RetroAction:
    actions = RetroAction.objects.for_workspace(request.workspace).select_related("sprint", "workspace")
    return get_object_or_404(actions, pk=pk)


@action(TAKE_PART)
def retro_action_story(request: MemberRequest, pk: int) -> HttpResponse:
    """Carry on with what was agreed as a story on top of the backlog."""
    agreed = _agreed(request, pk)
    retros.turn_into_story(action=agreed, by=request.member, now=request.now)
    return back_to_room(request, agreed.sprint, "agreed")


@action(TAKE_PART)
def retro_action_settle(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what became of something agreed before."""
    agreed = _agreed(request, pk)
    asked = _asked(SettleForm(request.POST, sprints=begun_sprints(request.workspace)))
    retros.settle_action(
        action=agreed,
        sprint=asked["sprint"],
        answer=ActionState(asked["answer"]),
        reason=asked["reason"],
        by=request.member,
        now=request.now,
    )
    return back(request, room_address(asked["sprint"], "earlier"))
