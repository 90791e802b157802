"""Certificates made on the spot, and a scene that runs on both event loops."""

import pytest

from tests.certificates import Authority, new_authority
from tests.delivery.smtp.scene import LOOPS, Scene


@pytest.fixture(params=sorted(LOOPS))
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(loop=request.param)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("certificates"))
