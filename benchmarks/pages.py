"""Pages of a workspace that has worked for years, as a member asks for them: every one, below 200 ms.

    python -m benchmarks.pages [--only WORDS] [--requests N] [--bar MS] [--json] [--grown]
        [--stories N] [--sprints N] [--running N] [--contacts N] [--events N]

Measured from the request to the last byte, in one process, through the WSGI handler with all middleware, and with a
connection of its own to PostgreSQL for each request, as the product has it.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import ceil
from statistics import median
from typing import Any

from benchmarks.ground import measured, prepare
from benchmarks.page_list import SHELL, Address, addresses

BAR_MS = 200.0  # what every page has to stay below, at the 95th percentile
WARM_UP = 3
SIZES = {"stories": 5_000, "sprints": 100, "running": 200, "contacts": 10_000, "events": 100_000}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a page costs. `ratio` is its median to that of the baseline in the same run."""

    median_ms: float
    p95_ms: float
    cpu_ms: float
    database_ms: float
    queries: int
    bytes: int
    ratio: float = 0.0


@dataclass(slots=True)
class Asking:
    """The queries of a request, each with its seconds."""

    queries: list[tuple[str, float]] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries.append((sql, time.perf_counter() - began))


class Browser:
    """Somebody who is signed in, at the handler that web servers call."""

    def __init__(self, user: Any) -> None:
        from django.conf import settings
        from django.core.handlers.wsgi import WSGIHandler
        from django.test import Client

        client = Client()
        client.force_login(user)
        self._cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        self._handler: Any = WSGIHandler()

    def get(self, address: str, headers: dict[str, str]) -> tuple[int, int]:
        """Status and bytes of an answer that was read to its end."""
        from django.test import RequestFactory

        sent = headers if "Authorization" in headers else {**headers, "Cookie": self._cookie}
        environ = RequestFactory(headers=sent).get(address).environ
        statuses: list[str] = []
        answer = self._handler(environ, lambda status, _headers: statuses.append(status))
        size = sum(len(part) for part in answer)
        answer.close()
        return int(statuses[0].split()[0]), size


class Worker:
    """What a worker does every few minutes beside the pages, which count on it."""

    def __init__(self, workspace: Any) -> None:
        self._workspace = workspace
        self._done = float("-inf")

    def keep_figures(self) -> None:
        """Count for a large workspace what its pages tell, as often as its beat does."""
        from django.utils import timezone

        from audience.figures import OFTEN, is_large, keep_figures_of

        if time.monotonic() - self._done >= OFTEN.total_seconds() and is_large(self._workspace):
            keep_figures_of(self._workspace, timezone.now)
            self._done = time.monotonic()


def measure(browser: Browser, page: Address, requests: int) -> Cost:
    """Raises `SystemExit` for a page that does not answer with 200."""
    for _number in range(WARM_UP):  # compiles templates, fills caches
        status, size = browser.get(*page)
        if status != 200:
            raise SystemExit(f"{page[0]} answered {status}.")
    with watched() as asked:
        browser.get(*page)
    times, cpu = [], []
    for _number in range(requests):
        with measured() as spent:
            browser.get(*page)
        times.append(spent.wall * 1000)
        cpu.append(spent.cpu * 1000)
    return Cost(
        median_ms=median(times),
        p95_ms=sorted(times)[ceil(0.95 * len(times)) - 1],
        cpu_ms=median(cpu),
        database_ms=sum(seconds for _sql, seconds in asked.queries) * 1000,
        queries=len(asked.queries),
        bytes=size,
    )


@contextmanager
def watched() -> Iterator[Asking]:
    """What is asked of the database inside."""
    from django.db import connection

    asking = Asking()
    with connection.execute_wrapper(asking):
        yield asking


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """The costs of each page by name; `over_bar` are those whose 95th percentile is above it."""
    from django.conf import settings

    from benchmarks.years import Mass, grow
    from emailops.warm import warm_up

    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["*"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    mass = Mass(**{name: getattr(options, name) for name in SIZES})
    lead = _grown_before() if options.grown else grow(mass).lead
    browser, pages = Browser(lead.user), addresses(lead.workspace, _key(lead))
    warm_up()
    worker = Worker(lead.workspace)
    chosen = {name: page for name, page in pages.items() if name == SHELL or options.only in name}
    costs: dict[str, Cost] = {}
    for name, page in chosen.items():
        worker.keep_figures()
        cost = measure(browser, page, options.requests)
        costs[name] = Cost(**{**asdict(cost), "ratio": cost.median_ms / costs.get(SHELL, cost).median_ms})
        if not options.json:
            print(_line(name, costs[name]), flush=True)
    over = [name for name, cost in costs.items() if cost.p95_ms > options.bar]
    figures = {name: asdict(cost) for name, cost in costs.items()}
    return {"mass": asdict(mass), "bar_ms": options.bar, "over_bar": over, "pages": figures}


def _grown_before() -> Any:
    """The lead of the company in a database that an earlier run has grown."""
    from workspaces.models import Member

    found = Member.objects.filter(workspace__slug="maren-moss", role="lead").select_related("user", "workspace")
    return found.order_by("pk")[0]


def _key(lead: Any) -> str:
    from django.utils import timezone

    from workspaces.permissions import SCOPES
    from workspaces.services import create_api_key

    now = timezone.now()
    _key, secret = create_api_key(workspace=lead.workspace, name="Pages", scopes=list(SCOPES), by=lead, now=now)
    return secret


HEAD = f"{'page':<48}{'median':>8}{'p95':>8}{'CPU':>8}{'database':>10}{'queries':>9}{'bytes':>11}{'ratio':>7}"


def _line(name: str, cost: Cost) -> str:
    times = f"{cost.median_ms:>8.1f}{cost.p95_ms:>8.1f}{cost.cpu_ms:>8.1f}{cost.database_ms:>10.1f}"
    return f"{name:<48}{times}{cost.queries:>9}{cost.bytes:>11,}{cost.ratio:>7.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--only", default="", metavar="WORDS", help="only pages with these words in their names")
    parser.add_argument("--grown", action="store_true", help="the database has been grown by an earlier run")
    parser.add_argument("--bar", type=float, default=BAR_MS, help="milliseconds; a page above it fails the run")
    for option, default in {**SIZES, "requests": 20}.items():
        parser.add_argument(f"--{option}", type=int, default=default)
    options = parser.parse_args()
    prepare()
    if not options.json:
        print(HEAD)
    result = bench(options)
    if options.json:
        print(json.dumps(result))
    else:
        print(f"\nabove {options.bar:.0f} ms: {', '.join(result['over_bar']) or 'none'}")
    return 1 if result["over_bar"] else 0


if __name__ == "__main__":
    sys.exit(main())
