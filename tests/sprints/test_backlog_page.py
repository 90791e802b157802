"""One page of the backlog: by hand or by score, narrowed, from where the last one ended, with what fits."""

from datetime import datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from sprints import backlog_page as pages
from sprints.backlog_filters import Mark, Place, Wanted, wanted_stories
from sprints.backlog_page import Asked, backlog_page, place_in_words, room_ahead
from sprints.models import ScoreFormula, Story, StoryKind
from sprints.scoring import methods, scores_of
from sprints.services.watching import set_helpers
from tests.factories.backlog import ScoreFactory
from tests.factories.sprints import BlockerFactory, CriterionFactory, HypothesisFactory, SprintFactory, StoryFactory
from tests.factories.strategy import GoalFactory
from workspaces.models import Member, Workspace


def _shown(member: Member, asked: Asked, now: datetime) -> list[str]:
    return [row.story.title for row in backlog_page(member, asked, now.date()).rows]


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 3)


class TestPages:
    @pytest.mark.usefixtures("_small_pages")
    def test_they_go_on_where_the_last_one_ended_and_back_again(self, lead: Member, now: datetime) -> None:
        stories = {title: StoryFactory.create(workspace=lead.workspace, title=title) for title in "ABCDEFGH"}

        first = backlog_page(lead, Asked(), now.date())
        second = backlog_page(lead, Asked(after=first.after), now.date())
        third = backlog_page(lead, Asked(after=second.after), now.date())
        back = backlog_page(lead, Asked(before=third.before), now.date())

        shown = [[row.story.title for row in page.rows] for page in (first, second, third, back)]
        assert shown == [["A", "B", "C"], ["D", "E", "F"], ["G", "H"], ["D", "E", "F"]]
        assert (first.before, third.after, second.before) == (None, None, stories["D"].pk)
        assert {page.total for page in (first, second, third)} == {8}

    @pytest.mark.usefixtures("_small_pages")
    def test_a_step_leads_beyond_the_edge_of_a_page(self, lead: Member, now: datetime) -> None:
        ids = {title: str(StoryFactory.create(workspace=lead.workspace, title=title).pk) for title in "ABCDE"}
        first = backlog_page(lead, Asked(), now.date())

        second = backlog_page(lead, Asked(after=first.after), now.date())

        assert (first.rows[0].up, first.rows[2].down) == (None, ids["E"])
        assert (second.rows[0].up, second.rows[0].down, second.rows[1].down) == (ids["C"], "", None)

    @pytest.mark.usefixtures("_small_pages")
    def test_an_anchor_that_is_gone_does_not_lose_the_list(self, lead: Member, now: datetime) -> None:
        StoryFactory.create(workspace=lead.workspace, title="A")

        assert _shown(lead, Asked(after=0), now) == ["A"]
        assert _shown(lead, Asked(before=999_999_999), now) == ["A"]

    def test_five_thousand_take_as_many_queries_as_five(
        self, lead: Member, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        Story.objects.bulk_create(
            Story(
                workspace=lead.workspace, number=n, title=f"S{n}", rank=f"V{n:04}1", created_by=lead, created_at=now,
                updated_at=now,
            )
            for n in range(5000)
        )  # fmt: skip
        ways = methods(lead.workspace)
        middle = Story.objects.get(number=2500).pk

        with django_assert_max_num_queries(14):
            by_hand = backlog_page(lead, Asked(after=middle), now.date())
        with django_assert_max_num_queries(12):
            by_score = backlog_page(lead, Asked(method=ways["ice"], after=middle), now.date())

        assert (by_hand.rows[0].story.number, by_hand.total) == (2501, 5000)
        assert by_score.rows[0].story.number == 2501


class TestScores:
    def test_the_highest_comes_first_and_those_without_one_stay_by_hand(self, lead: Member, now: datetime) -> None:
        for title, impact in (("None", None), ("Low", 1), ("High", 9), ("Also none", None)):
            story = StoryFactory.create(workspace=lead.workspace, title=title)
            if impact:
                ScoreFactory.create(story=story, impact=impact)
        ice = methods(lead.workspace)["ice"]

        page = backlog_page(lead, Asked(method=ice), now.date())

        assert [row.story.title for row in page.rows] == ["High", "Low", "None", "Also none"]
        assert page.rows[0].score is not None
        assert page.rows[0].score.value == pytest.approx(9 * 0.8 * 8)
        assert page.rows[0].score.words == "impact 9 × confidence 0.8 × ease 8"
        assert page.rows[2].score is not None
        assert page.rows[2].score.words == "Needs impact, confidence, ease"
        assert {(row.up, row.down) for row in page.rows} == {(None, None)}

    def test_points_are_the_effort_until_somebody_gives_one(self, workspace: Workspace) -> None:
        score = ScoreFactory.create(story__workspace=workspace, story__points=3)

        by_points = scores_of(score.story, methods(workspace))[1].value
        score.effort = 6

        assert by_points == pytest.approx(2000)
        assert scores_of(score.story, methods(workspace))[1].value == pytest.approx(1000)

    def test_a_team_counts_in_its_own_way(self, lead: Member, now: datetime) -> None:
        ScoreFormula.objects.create(workspace=lead.workspace, name="Worth", expression="impact / points")
        for title, points in (("Large", 8), ("Small", 2), ("Nothing", 0)):
            ScoreFactory.create(story__workspace=lead.workspace, story__title=title, story__points=points)
        worth = methods(lead.workspace)["own"]

        page = backlog_page(lead, Asked(method=worth), now.date())

        assert [row.story.title for row in page.rows] == ["Small", "Large", "Nothing"]
        assert page.rows[2].score is not None
        assert page.rows[2].score.words == "Divides by zero: points is 0"

    def test_a_formula_that_no_version_of_ours_can_read_hides_itself(self, workspace: Workspace) -> None:
        ScoreFormula.objects.create(workspace=workspace, name="Old", expression="impact ^ 2")

        assert set(methods(workspace)) == {"ice", "rice"}


class TestWhatFits:
    def test_the_next_sprint_ends_where_its_room_does(self, lead: Member, now: datetime) -> None:
        workspace = lead.workspace
        SprintFactory.create(workspace=workspace, closed=True, number=4, delivered_points=12)
        coming = SprintFactory.create(workspace=workspace, number=5, capacity_points=10)
        StoryFactory.create(workspace=workspace, sprint=coming, points=3)
        for title, points in (("A", 5), ("B", None), ("C", 3), ("D", 8), ("E", 5)):
            StoryFactory.create(workspace=workspace, title=title, points=points)

        page = backlog_page(lead, Asked(), now.date())

        lines = {row.story.title: row.line.number for row in page.rows if row.line}
        assert page.room is not None
        assert (page.room.first, page.room.next, page.room.later) == (5, 7, 12)
        assert lines == {"C": 5, "E": 6}
        assert page.unestimated == 1

    def test_what_is_above_the_page_counts_too(
        self, lead: Member, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "PAGE", 2)
        SprintFactory.create(workspace=lead.workspace, number=5, capacity_points=10)
        for title in "ABCD":
            StoryFactory.create(workspace=lead.workspace, title=title, points=4)

        first = backlog_page(lead, Asked(), now.date())
        second = backlog_page(lead, Asked(after=first.after), now.date())

        assert [row.line for row in first.rows] == [None, None]
        assert second.rows[0].line is not None
        assert second.rows[0].line.number == 5

    def test_nothing_is_promised_before_anything_is_known(self, workspace: Workspace) -> None:
        assert room_ahead(workspace) is None

    def test_of_a_part_of_the_list_no_line_is_drawn(self, lead: Member, now: datetime) -> None:
        SprintFactory.create(workspace=lead.workspace, capacity_points=1)
        StoryFactory.create(workspace=lead.workspace, points=3)

        assert backlog_page(lead, Asked(Wanted(kind="campaign")), now.date()).room is None

    def test_a_place_is_told_in_words(self, lead: Member) -> None:
        StoryFactory.create(workspace=lead.workspace, title="A")
        second = StoryFactory.create(workspace=lead.workspace, title="B")

        assert place_in_words(lead, second.pk) == "“B” is number 2 of 2 in the backlog now"
        assert place_in_words(lead, 0) == ""


class TestSearch:
    def _found(self, member: Member, **wanted: object) -> set[str]:
        asked = Wanted(**wanted)  # type: ignore[arg-type]  # as the tests write it
        return set(wanted_stories(asked, member).values_list("title", flat=True))

    def test_words_are_found_wherever_they_stand_and_from_their_beginning(self, lead: Member) -> None:
        workspace = lead.workspace
        StoryFactory.create(workspace=workspace, title="Serum reminder", as_a="")
        StoryFactory.create(workspace=workspace, title="Quiz", as_a="", problem="Nobody remembers the serum")
        told = StoryFactory.create(workspace=workspace, title="Напоминание о сыворотке", as_a="")
        CriterionFactory.create(story=told, text="One picture, with the bottle")

        assert self._found(lead, text="seru remem") == {"Quiz"}
        assert self._found(lead, text="SERUM") == {"Serum reminder", "Quiz"}
        assert self._found(lead, text="picture сыв") == {"Напоминание о сыворотке"}
        assert self._found(lead, text="as_a! & | ' :* picture") == set()
        assert self._found(lead, text="' & | ! :*") == {"Serum reminder", "Quiz", "Напоминание о сыворотке"}

    def test_a_number_is_found_by_its_sign(self, lead: Member) -> None:
        story = StoryFactory.create(workspace=lead.workspace, title="Twelfth", number=12)
        StoryFactory.create(workspace=lead.workspace, title="12 tips", number=90)

        assert self._found(lead, text=f"#{story.number}") == {"Twelfth"}
        assert self._found(lead, text="12") == {"Twelfth", "12 tips"}
        assert self._found(lead, text="#99999999999999") == set()

    def test_what_is_missing_is_found(self, lead: Member, marketer: Member) -> None:
        workspace = lead.workspace
        goal = GoalFactory.create(workspace=workspace)
        whole = StoryFactory.create(workspace=workspace, title="Whole", goal=goal, assignee=marketer)
        HypothesisFactory.create(story=whole)
        CriterionFactory.create(story=whole)
        CriterionFactory.create(story=whole)
        ScoreFactory.create(story=whole)
        bare = StoryFactory.create(workspace=workspace, title="Bare", points=None, kind=StoryKind.BUILD)
        BlockerFactory.create(story=bare)

        for mark in Mark:
            assert self._found(lead, marks=frozenset({mark.value})) == {"Bare"}, mark
        assert self._found(lead, goal=goal.pk) == {"Whole"}
        assert self._found(lead, kind="build") == {"Bare"}
        assert self._found(lead, who="nobody") == {"Bare"}
        assert self._found(lead, who=str(marketer.pk)) == {"Whole"}
        assert self._found(marketer, who="me") == {"Whole"}

    def test_whoever_helps_finds_a_story_as_whoever_leads_it_does(
        self, workspace: Workspace, lead: Member, marketer: Member, now: datetime
    ) -> None:
        story = StoryFactory.create(workspace=workspace, title="Shared", assignee=marketer)
        StoryFactory.create(workspace=workspace, title="Alone", assignee=marketer)
        set_helpers(story=story, members=[lead], by=marketer, now=now)

        assert self._found(lead, who="me") == {"Shared"}
        assert self._found(marketer, who=str(lead.pk)) == {"Shared"}
        assert self._found(lead, who=str(marketer.pk)) == {"Shared", "Alone"}

    def test_done_and_dropped_stories_are_found_everywhere_and_strangers_nowhere(
        self, lead: Member, outsider: Member, now: datetime
    ) -> None:
        StoryFactory.create(workspace=lead.workspace, title="Dropped serum", dropped_at=now)
        StoryFactory.create(workspace=lead.workspace, title="Done serum", done=True)
        StoryFactory.create(workspace=outsider.workspace, title="Their serum")

        assert self._found(lead, text="serum") == set()
        assert self._found(lead, text="serum", place=Place.EVERYWHERE) == {"Dropped serum", "Done serum"}
