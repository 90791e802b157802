"""Scores, templates, saved searches, and where a story comes from."""

from datetime import datetime

import pytest

from sprints.formulas import FormulaBroken
from sprints.models import OriginKind, SavedFilter, ScoreFormula, StoryScore, StoryTemplate
from sprints.services.scores import ScoreRefused, drop_formula, set_formula, set_score
from sprints.services.templates import (
    Origin,
    TemplateRefused,
    remove_filter,
    save_filter,
    save_template,
    set_origin,
    template_of,
)
from tests.factories.backlog import StoryTemplateFactory
from tests.factories.sprints import CriterionFactory, StoryFactory
from workspaces.models import AuditEntry, Member, Workspace


class TestScores:
    def test_figures_that_are_left_out_stay(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story = StoryFactory.create(workspace=workspace)

        set_score(story=story, figures={"impact": 5, "confidence": 0.8}, by=marketer, now=now)
        kept = set_score(story=story, figures={"ease": 3, "confidence": None}, by=marketer, now=now)
        set_score(story=story, figures={"ease": 3}, by=marketer, now=now)

        assert (kept.impact, kept.confidence, kept.ease) == (5, None, 3)
        assert AuditEntry.objects.filter(action="story.scored").count() == 2

    @pytest.mark.parametrize(
        "figures",
        [{"impact": 11}, {"confidence": 1.01}, {"ease": -1}, {"effort": float("nan")}, {"reach": float("inf")}],
    )
    def test_a_figure_out_of_bounds_is_refused_under_its_name(
        self, workspace: Workspace, marketer: Member, now: datetime, figures: dict[str, float | None]
    ) -> None:
        with pytest.raises(ScoreRefused) as refused:
            set_score(story=StoryFactory.create(workspace=workspace), figures=figures, by=marketer, now=now)

        assert set(refused.value.fields) == set(figures)
        assert not StoryScore.objects.exists()

    def test_a_formula_is_read_before_it_is_kept(self, workspace: Workspace, lead: Member, now: datetime) -> None:
        set_formula(workspace=workspace, name="Worth", expression="impact / points", by=lead, now=now)

        with pytest.raises(FormulaBroken):
            set_formula(workspace=workspace, name="Worth", expression="impact / money", by=lead, now=now)
        with pytest.raises(ScoreRefused):
            set_formula(workspace=workspace, name=" ", expression="impact", by=lead, now=now)

        assert ScoreFormula.objects.get().expression == "impact / points"
        drop_formula(workspace=workspace, by=lead, now=now)
        drop_formula(workspace=workspace, by=lead, now=now)
        assert not ScoreFormula.objects.exists()


class TestTemplates:
    def test_a_good_story_becomes_one(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        story = CriterionFactory.create(story__workspace=workspace, text="One picture").story

        kept = template_of(story=story, name="Reminder", by=marketer, now=now)

        assert (kept.title, kept.as_a, kept.points, kept.criteria) == (
            story.title, story.as_a, story.points, ["One picture"],
        )  # fmt: skip

    def test_a_name_stands_for_one_template(self, workspace: Workspace, marketer: Member, now: datetime) -> None:
        known = StoryTemplateFactory.create(workspace=workspace, name="Reminder")

        with pytest.raises(TemplateRefused, match="already"):
            save_template(workspace=workspace, template=None, fields={"name": "Reminder"}, by=marketer, now=now)
        save_template(
            workspace=workspace, template=known, fields={"name": "Reminder", "points": 5}, by=marketer, now=now
        )

        assert StoryTemplate.objects.get().points == 5


class TestSearches:
    def test_the_same_name_replaces_ones_own(
        self, workspace: Workspace, marketer: Member, lead: Member, now: datetime
    ) -> None:
        save_filter(name="Mine", query="who=me", is_shared=False, by=marketer, now=now)
        save_filter(name="Mine", query="who=nobody", is_shared=True, by=marketer, now=now)
        save_filter(name="Mine", query="kind=build", is_shared=False, by=lead, now=now)

        assert set(SavedFilter.objects.values_list("member", "query", "is_shared")) == {
            (marketer.pk, "who=nobody", True), (lead.pk, "kind=build", False),
        }  # fmt: skip

    def test_only_its_author_removes_it(self, marketer: Member, lead: Member, now: datetime) -> None:
        kept = save_filter(name="Mine", query="who=me", is_shared=True, by=marketer, now=now)

        with pytest.raises(TemplateRefused, match="Only Sofia"):
            remove_filter(found=kept, by=lead, now=now)
        remove_filter(found=kept, by=marketer, now=now)

        assert not SavedFilter.objects.exists()


class TestOrigins:
    def test_a_story_follows_from_another_and_not_from_itself(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story, earlier = StoryFactory.create_batch(2, workspace=workspace)
        hypothesis = OriginKind.HYPOTHESIS

        with pytest.raises(TemplateRefused, match="from itself"):
            set_origin(story=story, origin=Origin(hypothesis, earlier=story), by=marketer, now=now)
        with pytest.raises(TemplateRefused, match="which story"):
            set_origin(story=story, origin=Origin(hypothesis), by=marketer, now=now)
        set_origin(story=story, origin=Origin(hypothesis, "It was unclear", earlier=earlier), by=marketer, now=now)

        assert story.origin.earlier == earlier

    def test_where_it_was_imported_from_stays_known(
        self, workspace: Workspace, marketer: Member, now: datetime
    ) -> None:
        story, other = StoryFactory.create_batch(2, workspace=workspace)
        imported = Origin(OriginKind.IMPORT, system="jira", external_id="MAIL-1")
        set_origin(story=story, origin=imported, by=marketer, now=now)

        kept = set_origin(story=story, origin=Origin(OriginKind.ANSWER, "Ask"), by=marketer, now=now)

        assert (kept.kind, kept.external_id) == ("answer", "MAIL-1")
        with pytest.raises(TemplateRefused, match="Another story"):
            set_origin(story=other, origin=imported, by=marketer, now=now)
