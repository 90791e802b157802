"""Servers without an installation: they start in a folder, are shared, and say in a sentence why they cannot."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import redis

from emailops.embedded import LONGEST_SOCKET_PATH, ROOT, CannotStart, services, var_folder

NAMES = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SUPPRESSION_KEY")


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is named, as on a fresh machine."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def only_redis(bare_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL is somewhere else, so that only the quick one of the two starts."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere.example/else")


def _answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False


def test_urls_from_the_environment_are_left_alone(
    bare_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, f"own {name}")

    with services(tmp_path / "var") as urls:
        found = dict(urls)

    assert found == {"SECRET_KEY": "own SECRET_KEY", "SUPPRESSION_KEY": "own SUPPRESSION_KEY"}
    assert list((tmp_path / "var").iterdir()) == [], "no server left anything"


@pytest.mark.usefixtures("only_redis")
def test_secrets_are_made_once_and_only_we_may_read_them(tmp_path: Path) -> None:
    with services(tmp_path) as urls:
        first = dict(urls)
    with services(tmp_path) as urls:
        second = dict(urls)

    assert first == second
    assert first["SECRET_KEY"] != first["SUPPRESSION_KEY"]
    assert len(first["SECRET_KEY"]) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize("place", ["file", "file/var"])
def test_a_folder_that_cannot_be_made_is_a_sentence(only_redis: None, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CannotStart, match="EMAILOPS_VAR"), services(tmp_path / place):
        pass


@pytest.mark.usefixtures("only_redis")
def test_a_secret_that_cannot_be_kept_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "secret_key.new").mkdir()

    with pytest.raises(CannotStart, match="EMAILOPS_VAR"), services(tmp_path):
        pass


@pytest.mark.usefixtures("only_redis")
def test_redis_lives_as_long_as_the_command(tmp_path: Path) -> None:
    with services(tmp_path) as urls:
        url = urls["REDIS_URL"]
        was_there = _answers(url)

    assert was_there
    assert not _answers(url)


@pytest.mark.usefixtures("only_redis")
def test_a_second_start_attaches_to_the_running_redis(tmp_path: Path) -> None:
    with services(tmp_path) as first:
        redis.Redis.from_url(first["REDIS_URL"]).set("who", "the first")
        with services(tmp_path) as second:
            seen = redis.Redis.from_url(second["REDIS_URL"]).get("who")
        still_there = _answers(first["REDIS_URL"])

    assert second["REDIS_URL"] == first["REDIS_URL"]
    assert seen == b"the first"
    assert still_there, "the second took the first one's server with it"


@pytest.mark.usefixtures("only_redis")
def test_a_socket_that_a_dead_server_left_is_no_obstacle(tmp_path: Path) -> None:
    with services(tmp_path) as urls:
        pass
    Path(urls["REDIS_URL"].removeprefix("unix://")).touch()

    with services(tmp_path) as urls:
        assert _answers(urls["REDIS_URL"])


@pytest.mark.usefixtures("only_redis")
def test_a_path_too_long_for_a_socket_gets_a_short_one_of_its_own(tmp_path: Path) -> None:
    deep, other = tmp_path / ("d" * 120), tmp_path / ("e" * 120)

    with services(deep) as one, services(other) as two, services(deep) as again:
        paths = [Path(urls["REDIS_URL"].removeprefix("unix://")) for urls in (one, two, again)]
        answers = [_answers(urls["REDIS_URL"]) for urls in (one, two, again)]

    assert all(answers)
    assert all(len(bytes(path)) <= LONGEST_SOCKET_PATH for path in paths)
    assert paths[0] == paths[2] != paths[1]
    assert paths[0].parent == Path(tempfile.gettempdir())


@pytest.mark.usefixtures("only_redis")
def test_a_redis_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "redis" / "redis.sock" / "in the way").mkdir(parents=True)

    with pytest.raises(CannotStart, match=r"(?s)Redis did not start in .*Address already in use"), services(tmp_path):
        pass


@pytest.mark.usefixtures("bare_environment")
def test_a_folder_that_holds_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9")

    with pytest.raises(CannotStart, match="PostgreSQL did not start in"), services(tmp_path):
        pass


@pytest.mark.usefixtures("bare_environment")
def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    (tmp_path / "postgres" / "log").write_text("FATAL: could not write: No space left on device\n")

    with pytest.raises(CannotStart, match="is full"), services(tmp_path):
        pass


def test_the_folder_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMAILOPS_VAR", "var/elsewhere")
    relative = var_folder()
    monkeypatch.setenv("EMAILOPS_VAR", str(tmp_path))
    absolute = var_folder()
    monkeypatch.delenv("EMAILOPS_VAR")

    assert (relative, absolute, var_folder()) == (ROOT / "var/elsewhere", tmp_path, ROOT / "var")


def _embedded(var: Path, code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """The command line that runs a piece of Python; its servers are somewhere else unless an empty URL is given."""
    urls = {"DATABASE_URL": "postgresql://x/y", "REDIS_URL": "redis://x", "EMAILOPS_VAR": str(var), **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "emailops.embedded", "--throwaway", "--", sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={name: value for name, value in (os.environ | urls).items() if value},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_the_command_gets_the_urls_and_its_exit_code_is_ours(tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['SECRET_KEY'], os.environ['REDIS_URL'], *sys.argv[1:]); sys.exit(7)"
    process = _embedded(tmp_path, code, "--flag", "word", SECRET_KEY="own")

    out, _err = process.communicate(timeout=20)

    assert (out.split(), process.returncode) == (["own", "redis://x", "--flag", "word"], 7)


def test_what_would_end_us_ends_the_command_first(tmp_path: Path) -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('ended in order', flush=True), sys.exit(3)))\n"
        "print('ready', flush=True)\n"
        "signal.pause()"
    )
    process = _embedded(tmp_path, code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.send_signal(signal.SIGTERM)
    out, _err = process.communicate(timeout=20)

    assert (out, process.returncode) == ("ended in order\n", 3)


def test_what_cannot_start_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    process = _embedded(tmp_path / "file", "print('never')")

    out, err = process.communicate(timeout=20)

    assert (out, process.returncode) == ("", 1)
    assert "Set EMAILOPS_VAR to a folder you may write." in err
    assert "Traceback" not in err


TELL = (
    "import os, psycopg2, sys\n"
    "url = os.environ['DATABASE_URL']\n"
    "cursor = psycopg2.connect(url).cursor()\n"
    "cursor.execute(\"SELECT current_database(), current_setting('TimeZone'), current_setting('fsync')\")\n"
    "print(url, *cursor.fetchone(), flush=True)\n"
    "sys.stdin.read()"
)


def _said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


def _is_running(var: Path) -> bool:
    return (var / "postgres" / "postmaster.pid").exists()


def test_a_second_start_attaches_to_the_running_postgresql(tmp_path: Path) -> None:
    first = _embedded(tmp_path, TELL, DATABASE_URL="")
    url, *settings = _said(first)
    second = _embedded(tmp_path, TELL, DATABASE_URL="")
    again, *_settings = _said(second)

    second.communicate(timeout=20)
    outlived_the_second = _is_running(tmp_path)
    first.communicate(timeout=20)

    assert settings == ["emailops", "UTC", "off"]
    assert again == url
    assert outlived_the_second
    assert not _is_running(tmp_path)


def test_a_start_that_was_killed_leaves_no_server_behind_the_next(tmp_path: Path) -> None:
    killed = _embedded(tmp_path, TELL, DATABASE_URL="")
    _said(killed)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=20)

    following = _embedded(tmp_path, TELL, DATABASE_URL="")
    _said(following)
    following.communicate(timeout=20)

    assert not _is_running(tmp_path)
