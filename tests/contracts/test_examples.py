"""kcat, the aiokafka consumer and the queries of ``docs/examples``, on what the stage published and amended."""

import statistics
import subprocess
from collections import Counter, defaultdict
from itertools import islice
from typing import Any

import orjson
import psycopg
import pytest
from psycopg.rows import dict_row

from tests.contracts.examples import EXAMPLES, QUERIES, eventually, running
from tests.contracts.publishing import Message, Published, Record
from tests.contracts.tables import is_through, sink


def test_what_was_published_has_amendments(published: Published) -> None:
    assert len(published.messages) > len(published.final()) > 300
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for message in published.messages:
        record = orjson.loads(message.value or b"")
        versions[record["record_id"]].append(record["outcome"])
    told = {tuple(outcomes) for outcomes in versions.values() if len(outcomes) > 1}
    assert {("superseded", "completed"), ("completed", "cancelled")} <= told


@pytest.mark.usefixtures("kcat")
def test_kcat_shows_key_headers_and_record(published: Published) -> None:
    for topic in published.topics:
        command = [str(EXAMPLES / "kcat.sh"), published.stage.bootstrap_servers, topic, "-e", "-q"]
        ended = subprocess.run(command, capture_output=True, timeout=30)
        assert ended.returncode == 0, ended.stderr
        shown = [line.split(b"\t") for line in ended.stdout.splitlines()]
        expected = [message for message in published.messages if message.topic == topic]
        assert Counter((key, value) for key, _, value in shown) == Counter((one.key, one.value) for one in expected)
        headers = {",".join(f"{name}={text.decode()}" for name, text in one.headers).encode() for one in expected}
        assert {text for _, text, _ in shown} == headers


def test_follow_prints_every_version(published: Published) -> None:
    expected = Counter(map(_line, published.messages))
    with running("follow.py", published.stage.bootstrap_servers, *published.topics) as follow:
        assert follow.stdout is not None
        assert Counter(islice(follow.stdout, expected.total())) == expected
        assert follow.poll() is None, "it goes on"


def _line(message: Message) -> str:
    record = orjson.loads(message.value or b"")
    if message.topic.endswith("-worker-uptime"):
        return f"{record['worker']['id']} {record['outcome']} {record['uptime_seconds']}\n"
    return f"{record['flow_run']['id']} {record['outcome']} {record['duration_seconds']}\n"


def test_the_queries_say_what_is_so(published: Published, database: str) -> None:
    with sink(published, database) as process:
        eventually(lambda: is_through(published, database), process)
    with psycopg.connect(database, row_factory=dict_row) as db:
        queries = [query for query in QUERIES.read_text().split(";\n") if "SELECT" in query]
        answers = [db.execute(query).fetchall() for query in queries]
    assert all(answers), "the data has something of everything"
    spans, vanished, endless, at_that_time, states, startups, failed, by_day, pairs = answers

    final = published.final().values()
    runs = [record for record in final if "flow_run" in record]
    by_pool: defaultdict[str | None, list[float]] = defaultdict(list)
    for run in runs:
        if run["outcome"] == "completed":
            by_pool[(run["work_pool"] or {}).get("name")].append(run["duration_seconds"])
    assert {row["pool"]: row["runs"] for row in spans} == {pool: len(each) for pool, each in by_pool.items()}
    for row in spans:
        each = by_pool[row["pool"]]
        if len(each) > 1:
            assert row["p95"] == pytest.approx(statistics.quantiles(each, n=100, method="inclusive")[94])

    def counted(rows: list[Record], *keys: str) -> Counter[tuple[Any, ...]]:
        return Counter({tuple(row[key] for key in keys): row["runs"] for row in rows})

    gone = Counter(
        (record["worker"]["name"], record["outcome"])
        for record in final
        if "flow_run" not in record and record["outcome"] in {"superseded", "lost"}
    )
    assert Counter({(row["name"], row["outcome"]): row["times"] for row in vanished}) == gone
    assert len(endless) == min(100, sum(run["ended_at"] is None for run in runs))
    assert "pragmatic-panda" in {row["run"] for row in at_that_time}
    ended = [(run["flow"]["name"], (run["state"] or {}).get("type"), run["ended_by"]) for run in runs]
    assert counted(states, "flow", "became", "ended_by") == Counter(
        one for one in ended if one[1] in {"FAILED", "CRASHED"}
    )
    started = [run for run in runs if run["startup_seconds"] is not None]
    assert {row["pool"]: row["runs"] for row in startups} == Counter(run["work_pool"]["name"] for run in started)
    assert {row["pool"] for row in startups if row["until_created"] is not None} == {"k8s-pool"}
    codes = [(run["flow"]["name"], (run["infrastructure"] or {}).get("status_code") or 0) for run in runs]
    assert counted(failed, "flow", "status_code") == Counter((flow, str(code)) for flow, code in codes if code != 0)
    assert float(sum(row["seconds"] or 0 for row in by_day)) == pytest.approx(
        sum(run["duration_seconds"] or 0 for run in runs)
    )
    assert counted(pairs, "matched_by", "ambiguous", "outcome") == Counter(
        (run["matched_by"], run["ambiguous"], run["outcome"]) for run in runs
    )
