"""What open pages are told of: topics of a workspace, such as `sprint-12`."""

import re
import time
from collections.abc import AsyncIterator, Collection

from emailops.lib.live import hub, publish
from workspaces.models import Workspace

TOPIC = re.compile(r"[a-z_]{1,30}-\d{1,18}").fullmatch
MOST_TOPICS = 20  # of one page
HEARTBEAT = 20.0  # seconds after which a proxy, or we, notice that nobody reads any more
LONGEST = 600.0  # seconds of a stream; then the page comes again, and is asked again who it is
RETRY = b"retry: 2000\n\n"  # milliseconds


def topic_of(kind: str, pk: int) -> str:
    """The name under which a page listens. Raises ValueError for a kind that is no plain word."""
    topic = f"{kind}-{pk}"
    if not TOPIC(topic):
        raise ValueError(f"{topic} is no topic")
    return topic


def announce(workspace: Workspace, kind: str, pk: int) -> None:
    """Tell whoever looks at this, once the transaction is committed, that it changed."""
    publish(workspace.pk, topic_of(kind, pk))


def asked_topics(text: str) -> frozenset[str]:
    """Those of a comma-separated list that are topics, up to a bound."""
    return frozenset([topic for topic in text.split(",") if TOPIC(topic)][:MOST_TOPICS])


async def stream(workspace_id: int, topics: Collection[str]) -> AsyncIterator[bytes]:
    """Server-sent events (HTML standard, section 9.2): each holds the name of a topic that changed."""
    yield RETRY
    ends = time.monotonic() + LONGEST
    async with hub().listener(workspace_id) as listener:
        while time.monotonic() < ends and not listener.is_overrun:
            said = [topic for topic in await listener.next(HEARTBEAT) if topic in topics]
            yield "".join(f"data: {topic}\n\n" for topic in said).encode() or b":\n\n"
