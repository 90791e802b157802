"""Tests in several processes at once do not meet."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
import redis

from tests import abreast
from tests.databases import ROOT, fresh_database, migrated_database

TELLS = """
import json, os, pathlib
def test_tells():
    told = {name: os.environ[name] for name in ("PYTEST_XDIST_WORKER", "REDIS_URL", "EMAILOPS_VAR")}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(told))
"""


@pytest.mark.timeout(600)
def test_each_process_has_a_redis_and_a_folder_for_itself_that_end_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    modules = [tmp_path / f"test_{name}.py" for name in ("here", "there")]
    for module in modules:
        module.write_text(TELLS)

    run = [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "tests.abreast", "-n", "2", str(tmp_path)]
    subprocess.run(run, cwd=ROOT, env={**os.environ, "EMAILOPS_VAR": str(tmp_path / "var")}, check=True, timeout=500)

    here, there = (json.loads(module.with_suffix(".json").read_text()) for module in modules)
    assert {here["PYTEST_XDIST_WORKER"], there["PYTEST_XDIST_WORKER"]} == {"gw0", "gw1"}
    assert here["EMAILOPS_VAR"] != there["EMAILOPS_VAR"]
    assert here["REDIS_URL"] != there["REDIS_URL"]
    for told in (here, there):
        with redis.Redis.from_url(told["REDIS_URL"]) as server, pytest.raises(redis.ConnectionError):
            server.ping()


def test_there_are_at_least_two_processes() -> None:
    assert abreast.pytest_xdist_auto_num_workers() >= 2


def test_a_module_stays_together_and_so_do_those_who_share_a_company() -> None:
    nodes = ["tests/browser/test_a.py::test", "tests/browser/test_b.py::Its::test[x::y]", "tests/flows/test_c.py::test"]

    assert [abreast.together(node) for node in nodes] == ["tests/browser/", "tests/browser/", "tests/flows/test_c.py"]


def test_the_pages_have_a_company_to_themselves() -> None:
    assert abreast.together(f"{abreast.PAGES}::test[x]") == abreast.PAGES


def test_what_takes_long_begins_first_and_is_still_where_it_was() -> None:
    nodes = ["tests/audience/test_a.py::test", "tests/flows/test_b.py::test", f"{abreast.PAGES}::test"]

    assert sorted(nodes, key=abreast.turn) == nodes[::-1]
    assert [place for place in abreast.LONGEST_FIRST if not list(ROOT.glob(f"{place}*"))] == []


def test_two_processes_that_ask_for_the_same_database_get_one_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw7")
    theirs = fresh_database("same")
    monkeypatch.delenv("PYTEST_XDIST_WORKER")

    ours = fresh_database("same")

    assert theirs != ours
    for url in (theirs, ours):
        psycopg2.connect(url).close()


def test_a_copy_has_every_table_and_the_next_begins_empty_again() -> None:
    connection = psycopg2.connect(fresh_database("copy", pattern=migrated_database()))
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES ('key', 'data', now())")
    connection.close()

    connection = psycopg2.connect(fresh_database("copy", pattern=migrated_database()))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        found = cursor.fetchall()
    connection.close()

    assert found == [(0,)]
