"""A module is read in one sitting."""

from collections.abc import Mapping

from tests.architecture.sources import files, text_of

LONGEST = 500  # lines; the house aims at 400


def _too_long(sources: Mapping[str, str]) -> dict[str, int]:
    lengths = {name: len(source.splitlines()) for name, source in sources.items()}
    return {name: length for name, length in lengths.items() if length > LONGEST}


def test_no_module_is_too_long() -> None:
    written = {str(path): text_of(path) for path in files(".py") if "migrations" not in path.parts}

    assert _too_long(written) == {}


def test_a_module_that_is_too_long_is_found() -> None:
    assert _too_long({"at_the_limit.py": "x\n" * LONGEST, "past_it.py": "x\n" * (LONGEST + 1)}) == {"past_it.py": 501}
