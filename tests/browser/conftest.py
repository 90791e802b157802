"""The product with its sample company to look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, manage, running_stack


@pytest.fixture(scope="package")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product with the sample company in it, and the first mail to its owner in the sandbox."""
    folder: Path = tmp_path_factory.mktemp("company")
    with running_stack("company", folder, redis_number=2, prepare=_tell_the_story) as stack:
        stack.wait_for("SELECT 1 FROM delivery_sandboxmessage")
        yield stack


def _tell_the_story(environment: dict[str, str]) -> None:
    manage("seed_demo", environment=environment)
