"""What a web worker does before its first request."""

import gc
from collections.abc import Iterator

import pytest
from django.template import Engine
from django.template.loaders.cached import Loader

from emailops.warm import warm_up


@pytest.fixture
def collector() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_what_is_there_before_the_first_request_is_never_collected_again() -> None:
    warm_up()
    assert gc.get_freeze_count() > len(gc.get_objects())


@pytest.mark.usefixtures("collector")
def test_all_templates_are_compiled_before_the_first_request() -> None:
    [cached] = (loader for loader in Engine.get_default().template_loaders if isinstance(loader, Loader))
    cached.reset()
    warm_up()
    assert {"base.html", "sprints/retro_detail.html"} <= cached.get_template_cache.keys()
