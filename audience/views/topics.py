"""Topics, the readers' page, and what one person wishes to get."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience import services
from audience.forms.preference import PreferencePageForm, ToldWishForm, TopicForm
from audience.models import ConsentEntry, Contact, Topic
from audience.own_figures import with_answers
from audience.services import ConsentBasis, current_attributes, current_topics
from audience.services.opt_ins import Ask, ask_to_opt_in, language_of
from audience.services.preferences import change_preference_page, preference_page
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SHOWN_WORDS = 100


@page(Can.SEE_AUDIENCE, Can.EDIT_AUDIENCE)
def topic_list(request: MemberRequest) -> HttpResponse:
    """The topics in their order with what people said, and a new one."""
    form = TopicForm(request.POST or None, language=request.workspace.language)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.create_topic(workspace=request.workspace, words=form.words, by=request.member, now=request.now)
            messages.success(request, _("Topic created"))
            return redirect(request.path)
    topics, figures = with_answers(current_topics(request.workspace), request.workspace, request.now)
    context = {"form": form, "topics": topics, "counted_at": figures.counted_at}
    return render(request, "audience/topic_list.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def topic_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """What readers see of a topic."""
    topic = get_object_or_404(Topic.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)
    form = TopicForm(request.POST or None, topic=topic, language=request.workspace.language)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            services.change_topic(topic=topic, words=form.words, by=request.member, now=request.now)
            messages.success(request, _("Topic saved"))
            return redirect("audience:topic_list", workspace=request.workspace.slug)
    context = {"form": form, "topic": topic}
    return render(request, "audience/topic_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_AUDIENCE)
def topic_move(request: MemberRequest, pk: int) -> HttpResponse:
    topic = get_object_or_404(Topic.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)
    services.move_topic(topic=topic, up=request.POST.get("to") == "up", by=request.member, now=request.now)
    return redirect("audience:topic_list", workspace=request.workspace.slug)


@action(Can.EDIT_AUDIENCE)
def topic_archive(request: MemberRequest, pk: int) -> HttpResponse:
    topic = get_object_or_404(Topic.objects.for_workspace(request.workspace), pk=pk)
    services.archive_topic(topic=topic, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is no longer offered") % {"name": topic.name})
    return redirect("audience:topic_list", workspace=request.workspace.slug)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def topic_page(request: MemberRequest) -> HttpResponse:
    """What the page says and asks on which readers choose."""
    stored = preference_page(request.workspace)
    initial = {name: getattr(stored, name) for name in ("intro", "attributes", "tracking_wording", "following")}
    offered = current_attributes(request.workspace)
    form = PreferencePageForm(request.POST or None, initial=initial, offered=offered)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            change_preference_page(workspace=request.workspace, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Page saved"))
            return redirect("audience:topic_list", workspace=request.workspace.slug)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "audience/topic_page.html", {"form": form}, status=status)


@page(Can.SEE_AUDIENCE, Can.TEND_CONTACTS)
def contact_wishes(request: MemberRequest, pk: int) -> HttpResponse:
    """What one person wishes to get, everything that was said about it, and the same written down for the person."""
    contact = _contact(request, pk)
    topics = list(current_topics(request.workspace))
    form = ToldWishForm(request.POST or None, contact=contact, topics=topics, language=request.member.user.language)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            basis = ConsentBasis("by hand", form.cleaned_data["said"])
            services.save_wishes(contact=contact, wishes=form.wishes, basis=basis, by=request.member, now=request.now)
            messages.success(request, _("Wishes saved"))
            return redirect(request.path)
    entries = ConsentEntry.objects.for_workspace(request.workspace).filter(contact=contact)
    context = {
        "contact": contact,
        "form": form,
        "topics": topics,
        "entries": entries.select_related("topic", "by__user").order_by("-at", "-pk")[:SHOWN_WORDS],
    }
    return render(request, "audience/contact_wishes.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.TEND_CONTACTS)
def contact_ask(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask a person by mail whether we may write."""
    contact = _contact(request, pk)
    wording = _("%(name)s may write to me.") % {"name": request.workspace.name}
    language = language_of(contact.language, request.workspace)
    ask = Ask(contact.email, ConsentBasis("asked by mail", wording), language)
    asked = ask_to_opt_in(workspace=request.workspace, ask=ask, by=request.member, now=request.now)
    if asked.mailed_at is None:
        messages.error(request, _("Not asked: a question went out today already, or the address is shut for good."))
    else:
        messages.success(request, _("Asked by mail"))
    return redirect("audience:contact_wishes", workspace=request.workspace.slug, pk=pk)


def _contact(request: MemberRequest, pk: int) -> Contact:
    return get_object_or_404(Contact.objects.seen_by(request.member).select_related("workspace"), pk=pk)
