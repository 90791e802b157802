"""Tried before: what resembles a story and has a verdict stands beside it."""

from sprints.learning import lessons_for
from sprints.models import OutcomeVerdict, Story
from tests.factories.audience import SegmentFactory
from tests.factories.backlog import OutcomeFactory
from tests.factories.sprints import BriefFactory, HypothesisFactory, StoryFactory
from workspaces.models import Workspace


def _tried(workspace: Workspace, title: str, **outcome: object) -> Story:
    story = StoryFactory.create(workspace=workspace, title=title, i_want="", done=True)
    OutcomeFactory.create(story=story, **outcome)
    made: Story = story
    return made


def test_a_story_with_similar_words_and_a_verdict_is_a_lesson(workspace: Workspace) -> None:
    before = _tried(workspace, "A reminder before the serum is empty", verdict=OutcomeVerdict.NOT_REACHED)
    _tried(workspace, "Ask for a photo of the bottle")
    StoryFactory.create(workspace=workspace, title="Reminder before the serum is empty", done=True)  # nobody measured
    ahead = StoryFactory.create(workspace=workspace, title="Remind people before their serum is empty")

    found = lessons_for(workspace, [ahead])

    assert [lesson.story for lesson in found[ahead.pk]] == [before]
    assert (found[ahead.pk][0].verdict, found[ahead.pk][0].in_common) == ("Not reached", "similar words")


def test_the_same_segment_and_measure_bring_it_nearer(workspace: Workspace) -> None:
    segment = SegmentFactory.create(workspace=workspace)
    near, far = _tried(workspace, "Care tips for oil"), _tried(workspace, "Care tips for soap")
    ahead = StoryFactory.create(workspace=workspace, title="Care tips for balm")
    for story in (near, ahead):
        HypothesisFactory.create(story=story, change="tips", audience="buyers")
        BriefFactory.create(story=story, segment=segment)

    found = lessons_for(workspace, [ahead])[ahead.pk]

    assert [lesson.story for lesson in found] == [near, far]
    assert found[0].same_segment
    assert found[0].same_metric
    assert "the same segment" in found[0].in_common


def test_little_words_alone_make_no_lesson(workspace: Workspace) -> None:
    _tried(workspace, "What to do with the wrong addresses")
    ahead = StoryFactory.create(workspace=workspace, title="What the shop will do for the spring")

    assert lessons_for(workspace, [ahead]) == {}


def test_other_businesses_and_the_story_itself_teach_nothing(workspace: Workspace, outsider: object) -> None:
    _tried(outsider.workspace, "Serum reminder")  # type: ignore[attr-defined]  # a member
    own = _tried(workspace, "Serum reminder")

    assert lessons_for(workspace, [own]) == {}


def test_no_stories_no_question(workspace: Workspace) -> None:
    assert lessons_for(workspace, []) == {}


def test_words_of_an_operator_are_words(workspace: Workspace) -> None:
    ahead = StoryFactory.create(workspace=workspace, title="AT&T | 'serum' & !:* \\ -- (")
    before = _tried(workspace, "The serum of AT&T")

    assert [lesson.story for lesson in lessons_for(workspace, [ahead])[ahead.pk]] == [before]


def test_a_team_that_writes_russian_is_understood(workspace: Workspace) -> None:
    workspace.language = "ru"
    before = _tried(workspace, "Напоминание о сыворотке")
    ahead = StoryFactory.create(workspace=workspace, title="Напоминания о новых сыворотках")

    assert [lesson.story for lesson in lessons_for(workspace, [ahead])[ahead.pk]] == [before]
