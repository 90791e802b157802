"""Who can do what beside what has to be done: the cross-competence matrix, its gaps, and the load on each skill."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum

from sprints.capacity import TeamCapacity, workers
from sprints.models import DaysOff, MemberSkill, Skill, SkillLevel, Sprint, SprintState, Story, StoryPoints
from workspaces.models import Member, Workspace

ENOUGH_PEOPLE = 2
"""So many who do a skill alone: the work goes on when one of them is away."""


def level_field(member: Member, skill: Skill) -> str:
    """The name by which a form asks, and a refusal answers, how well a person does a skill."""
    return f"level-{member.pk}-{skill.pk}"


@dataclass(frozen=True, slots=True)
class Cell:
    """How well a person does a skill."""

    member: Member
    skill: Skill
    level: SkillLevel
    wants_to_learn: bool

    @property
    def name(self) -> str:
        """The name of its control on a form."""
        return level_field(self.member, self.skill)

    @property
    def learns_name(self) -> str:
        return f"{self.name}-learns"

    @property
    def was_name(self) -> str:
        return f"was-{self.member.pk}-{self.skill.pk}"

    @property
    def was(self) -> str:
        """How it stands, for a form to send back: the level, and 1 for who wants to learn."""
        return f"{int(self.level)}-{int(self.wants_to_learn)}"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A person with every skill, in the order of the skills."""

    member: Member
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who does a skill alone, who wants to learn it, and what the next sprint asks of it, in points."""

    skill: Skill
    able: list[Member]
    learners: list[Member]
    demand: int

    @property
    def gap(self) -> str:
        """`nobody`, `one` (that person away, the work stands), or nothing."""
        if len(self.able) >= ENOUGH_PEOPLE:
            return ""
        return "one" if self.able else "nobody"


@dataclass(frozen=True, slots=True)
class Risk:
    """What stands still while a person is away: skills that nobody else does alone, the most wanted first.

    `away` are the person's days off in the sprint that is looked at, and `demand` what it asks of those skills.
    """

    member: Member
    skills: list[Skill]
    away: list[DaysOff]
    demand: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """People by skills. `sprint` is the one whose demand stands beside it."""

    skills: list[Skill]
    rows: list[MatrixRow]
    coverage: list[Coverage]
    sprint: Sprint | None
    days_off: list[DaysOff]

    @property
    def covered(self) -> int:
        """How many skills at least two people do alone."""
        return sum(not each.gap for each in self.coverage)

    @property
    def on_one(self) -> int:
        """How many skills one person alone does."""
        return sum(each.gap == "one" for each in self.coverage)

    @property
    def on_nobody(self) -> int:
        return sum(each.gap == "nobody" for each in self.coverage)

    @property
    def risks(self) -> list[Risk]:
        """Those on whom a skill hangs, whoever the sprint misses most first."""
        hangs: dict[int, list[Coverage]] = defaultdict(list)
        for each in self.gaps:
            if each.gap == "one":
                hangs[each.able[0].pk].append(each)
        found = [
            Risk(
                row.member,
                [each.skill for each in hangs[row.member.pk]],
                [off for off in self.days_off if off.member_id == row.member.pk],
                sum(each.demand for each in hangs[row.member.pk]),
            )
            for row in self.rows
            if row.member.pk in hangs
        ]
        return sorted(found, key=lambda risk: (not risk.away, -risk.demand))

    @property
    def gaps(self) -> list[Coverage]:
        """Those that need somebody, the most wanted first."""
        found = [each for each in self.coverage if each.gap]
        return sorted(found, key=lambda each: (each.gap != "nobody", -each.demand, each.skill.position))


def skills_of(workspace: Workspace) -> list[Skill]:
    return list(Skill.objects.for_workspace(workspace).current().in_order())


def competence_matrix(workspace: Workspace) -> Matrix:
    """Everybody who works on sprints by every skill. Six queries."""
    skills, members = skills_of(workspace), workers(workspace)
    known = {(row.member_id, row.skill_id): row for row in MemberSkill.objects.for_workspace(workspace)}
    rows = [MatrixRow(member, [_cell(member, skill, known) for skill in skills]) for member in members]
    sprint = next_sprint_of(workspace)
    wanted = demand(sprint) if sprint else {}
    coverage = [_coverage(skill, rows, wanted) for skill in skills]
    return Matrix(skills, rows, coverage, sprint, _days_off_in(sprint) if sprint else [])


def _days_off_in(sprint: Sprint) -> list[DaysOff]:
    inside = {"first_date__lte": sprint.end_date, "last_date__gte": sprint.start_date}
    return list(DaysOff.objects.for_workspace(sprint.workspace).filter(**inside).order_by("first_date", "pk"))


def _cell(member: Member, skill: Skill, known: dict[tuple[int, int], MemberSkill]) -> Cell:
    row = known.get((member.pk, skill.pk))
    level = SkillLevel(row.level) if row else SkillLevel.NONE
    return Cell(member, skill, level, row.wants_to_learn if row else False)


def _coverage(skill: Skill, rows: Iterable[MatrixRow], wanted: dict[int, int]) -> Coverage:
    cells = [cell for row in rows for cell in row.cells if cell.skill == skill]
    able = [cell.member for cell in cells if cell.level >= SkillLevel.ALONE]
    learners = [cell.member for cell in cells if cell.wants_to_learn]
    return Coverage(skill, able, learners, wanted.get(skill.pk, 0))


def next_sprint_of(workspace: Workspace) -> Sprint | None:
    """The next sprint that is being planned, else the one that runs. One query."""
    found = Sprint.objects.for_workspace(workspace).open().select_related("workspace").order_by("number")
    return min(found, key=lambda sprint: sprint.state == SprintState.RUNNING, default=None)


def demand(sprint: Sprint) -> dict[int, int]:
    """Points of a sprint by skill. One query."""
    inside = StoryPoints.objects.filter(story__sprint=sprint, story__dropped_at=None)
    return dict(inside.values_list("skill_id").annotate(points=Sum("points")).order_by("skill_id"))


@dataclass(frozen=True, slots=True)
class SkillLoad:
    """What a sprint asks of a skill, and at most what those who do it alone could give, both in points.

    `people` are those who do it alone.
    """

    skill: Skill
    demand: int
    supply: float
    people: list[Member]

    @property
    def able(self) -> int:
        return len(self.people)

    @property
    def too_much(self) -> float:
        return max(0.0, self.demand - self.supply)

    @property
    def gap(self) -> str:
        """`nobody`, `one`, `short` (too few points of those who can), or nothing; a skill not asked for has none."""
        if not self.demand:
            return ""
        if len(self.people) < ENOUGH_PEOPLE:
            return "one" if self.people else "nobody"
        return "short" if self.too_much else ""


@dataclass(frozen=True, slots=True)
class Workload:
    """The load of a sprint by skill; `unsplit` are points that nobody has said the skill of."""

    loads: list[SkillLoad]
    unsplit: int


def workload(sprint: Sprint, capacity: TeamCapacity) -> Workload:
    """What each skill has to give for a sprint beside what it can. Four queries."""
    wanted = demand(sprint)
    able: dict[int, list[Member]] = defaultdict(list)
    levels = MemberSkill.objects.for_workspace(sprint.workspace).filter(level__gte=SkillLevel.ALONE)
    working = {line.member.pk: line.member for line in capacity.lines}
    for who, skill in levels.values_list("member_id", "skill_id").order_by("member__user__name", "pk"):
        if who in working:
            able[skill].append(working[who])
    skills = [skill for skill in skills_of(sprint.workspace) if wanted.get(skill.pk) or able[skill.pk]]
    loads = [
        SkillLoad(skill, wanted.get(skill.pk, 0), capacity.by_skill.get(skill.pk, 0.0), able[skill.pk])
        for skill in skills
    ]
    total = Story.objects.filter(sprint=sprint, dropped_at=None).aggregate(points=Sum("points"))["points"] or 0
    return Workload(loads, max(0, total - sum(wanted.values())))
