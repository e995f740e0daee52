"""The metrics count what is committed, under these labels."""

import re
from collections import Counter

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from correlator.core import Lifecycle, Outcome, Rules
from correlator.core.lifecycle import Version
from correlator.engine import Standstill, TopicPartition
from correlator.event import Event, Kind, Named, Role, State, StateType
from correlator.metrics import (
    METRIC_PREFIX,
    MOST_OPEN_POOLS,
    MOST_POOLS,
    RUN_SPANS,
    STARTUP_SPANS,
    WORKER_SPANS,
    Metrics,
)
from correlator.moments import SECOND
from correlator.stage import pools
from correlator.stage.draft import Draft
from correlator.stage.still_open import Open
from correlator.stage.tally import Tally
from tests.monitoring.prometheus import promtool
from tests.records.lifecycles import ALL, END, START, START_OF_WORKER
from tests.web.conditions import condition

NOW = END.event.occurred + 60_000_000
COMPLETED = ALL["run completed"]
POOL = START.details.work_pool.name
PUBLISHED = Version(Outcome.COMPLETED, None, False, None, None, None)
RUNNING = Event(Role.RUNNING, "running", START.event.occurred + 25_000_000, None)
FAILED = Event(Role.STATE, "failed", END.event.occurred, None, said=State(StateType.FAILED, "Failed"))
DETACHED = replace(COMPLETED, end=FAILED, running=RUNNING, state=FAILED)


def metrics(*published: Lifecycle, arrived: int | None = None) -> Metrics:
    tally = Tally("correlate")
    for one in published:
        tally.count(one, arrived)
    counted = Metrics(wall_clock=lambda: NOW)
    counted.add(tally)
    return counted


def samples(counted: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """A metric's samples that are not 0, by the values of their labels, in the order of the labels' names."""
    families = text_string_to_metric_families(counted.write().decode())
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name == f"{METRIC_PREFIX}_{name}" and sample.value
    }


RUN, WORKER = "flow-run-duration", "worker-uptime"
RECORDS = {  # amended, kind, matched_by, outcome
    "worker completed": ("false", WORKER, "resource", "completed"),
    "worker superseded": ("false", WORKER, "none", "superseded"),
    "worker lost": ("false", WORKER, "none", "lost"),
    "worker unmatched": ("false", WORKER, "none", "unmatched"),
    "run completed": ("false", RUN, "follows", "completed"),
    "run cancelled": ("false", RUN, "resource", "cancelled"),
    "run cancelled, never ended": ("false", RUN, "none", "cancelled"),
    "run cancelled, never submitted": ("false", RUN, "none", "cancelled"),
    "served run cancelled": ("false", RUN, "none", "cancelled"),
    "run superseded": ("false", RUN, "none", "superseded"),
    "run lost": ("false", RUN, "none", "lost"),
    "run unmatched": ("false", RUN, "none", "unmatched"),
    "run completed, in a state": ("false", RUN, "follows", "completed"),
    "run ended by its pod": ("false", RUN, "resource", "completed"),
    "run ended by its pod, without a state": ("false", RUN, "resource", "completed"),
    "run ended by its task": ("false", RUN, "resource", "completed"),
    "run ended by its state": ("false", RUN, "resource", "completed"),
    "run of a killed worker": ("false", RUN, "resource", "completed"),
    "run cancelled by its state": ("false", RUN, "resource", "cancelled"),
    "run cancelled in Kubernetes": ("false", RUN, "resource", "cancelled"),
    "run cancelled by its worker": ("false", RUN, "follows", "cancelled"),
    "run that nobody speaks of": ("false", RUN, "none", "lost"),
}
MEASURED = {how for how, (_, _, matched_by, _) in RECORDS.items() if matched_by != "none"}
"""The outcomes of lifecycles with a start and an end."""


@pytest.mark.parametrize("how", ALL)
def test_a_record(how):
    counted = metrics(ALL[how])
    assert samples(counted, "records_total") == {RECORDS[how]: 1}
    spans = samples(counted, "worker_uptime_seconds_count") | samples(counted, "flow_run_duration_seconds_count")
    assert sum(spans.values()) == (how in MEASURED)


@pytest.mark.parametrize("how", ALL)
def test_an_amendment_is_a_record_and_no_second_life(how):
    counted = metrics(ALL[how], replace(ALL[how], replaces=PUBLISHED), arrived=NOW)
    _, *others = RECORDS[how]
    assert samples(counted, "records_total") == {("false", *others): 1, ("true", *others): 1}
    for name in ("worker_uptime_seconds_count", "flow_run_duration_seconds_count"):
        assert sum(samples(counted, name).values()) in {0, how in MEASURED}
    assert sum(samples(counted, "publishing_delay_seconds_count").values()) == 1


def test_what_an_alert_waits_for_is_there_as_zero_before_it_happens():
    text = Metrics(wall_clock=lambda: NOW).write().decode()
    for reason in ("InvalidEvent", "UnreadableWire", "UnreadableState"):
        assert f'{METRIC_PREFIX}_dead_letters_total{{reason="{reason}"}} 0.0' in text
    for kind in Kind:
        for outcome in ("superseded", "lost", "unmatched"):
            labels = f'amended="false",kind="{kind}",matched_by="none",outcome="{outcome}"'
            assert f"{METRIC_PREFIX}_records_total{{{labels}}} 0.0" in text


@pytest.mark.parametrize("cause, counts", [("evicted:01a2090e", {(RUN, "lost"): 1}), ("lost:01a2090e", {})])
def test_what_had_to_end_for_want_of_room_is_counted(cause, counts):
    assert samples(metrics(replace(ALL["run lost"], cause=cause)), "evicted_total") == counts


@pytest.mark.parametrize("truncated, counts", [(True, {(RUN,): 1}), (False, {})])
def test_records_that_lost_tags_are_counted(truncated, counts):
    decided = replace(COMPLETED, start=replace(START.event, truncated=truncated))
    assert samples(metrics(decided), "truncated_total") == counts


def test_a_span_is_in_seconds_by_pool_and_outcome():
    counted = metrics(COMPLETED)
    seconds = (END.event.occurred - START.event.occurred) / 1e6
    assert samples(counted, "flow_run_duration_seconds_sum") == {("worker", "completed", POOL): seconds}
    assert metrics(ALL["worker completed"]).write().count(b"flow_run_duration_seconds_sum") == 0


def first_bucket(counted: Metrics, name: str) -> float:
    """The bound of the first bucket of a histogram that is not empty."""
    families = text_string_to_metric_families(counted.write().decode())
    bounds = (
        float(sample.labels["le"])
        for family in families
        for sample in family.samples
        if sample.name == f"{METRIC_PREFIX}_{name}_seconds_bucket" and sample.value
    )
    return min(bounds)


def lasting(seconds: float, one: Lifecycle = COMPLETED) -> Lifecycle:
    return replace(one, end=replace(one.end, occurred=one.start.occurred + round(seconds * 1e6)))


SPANS = {"run completed": ("flow_run_duration", RUN_SPANS), "worker completed": ("worker_uptime", WORKER_SPANS)}


@pytest.mark.parametrize(
    "how, seconds",
    [(how, seconds) for how, (_, spans) in SPANS.items() for seconds in (-5.0, 0.0, *spans, spans[-1] + 1)],
)
def test_a_span_is_in_the_buckets_from_the_one_that_it_just_fits_and_never_negative(how, seconds):
    name, spans = SPANS[how]
    counted = metrics(lasting(seconds, ALL[how]))
    assert first_bucket(counted, name) == min((bound for bound in spans if bound >= seconds), default=float("inf"))
    assert sum(samples(counted, f"{name}_seconds_sum").values()) == max(0, seconds)


def test_the_buckets_of_a_histogram_are_cumulative():
    counts = samples(metrics(lasting(100), lasting(200)), "flow_run_duration_seconds_bucket")
    assert [counts.get(("worker", le, "completed", POOL), 0) for le in ("60.0", "120.0", "300.0", "+Inf")] == [
        0,
        1,
        2,
        2,
    ]


@pytest.mark.parametrize("kind, days", [(Kind.WORKER, 90), (Kind.FLOW_RUN, 7)])
def test_the_longest_span_told_apart_is_the_one_after_which_a_life_is_lost(kind, days):
    spans = {Kind.WORKER: WORKER_SPANS, Kind.FLOW_RUN: RUN_SPANS}[kind]
    assert list(spans) == sorted(set(spans))
    assert spans[-1] == days * 86_400 == Rules().limit(kind) / 1e6


@pytest.mark.parametrize(
    "ended_by, end",
    [("worker", END.event), ("infrastructure", replace(FAILED, role=Role.PHASE)), ("flow-run", FAILED)],
)
def test_a_run_counts_by_whose_word_its_end_is(ended_by, end):
    counted = metrics(replace(COMPLETED, end=end))
    assert samples(counted, "flow_run_duration_seconds_count") == {(ended_by, "completed", POOL): 1}


def test_whose_word_the_end_of_a_worker_is_needs_no_label():
    counted = metrics(ALL["worker completed"])
    (labels,) = samples(counted, "worker_uptime_seconds_count")
    assert labels == ("completed", POOL)


@pytest.mark.parametrize("seconds", [-2.0, 0.0, *STARTUP_SPANS, STARTUP_SPANS[-1] + 1])
def test_how_long_a_start_up_took_by_pool(seconds):
    running = replace(RUNNING, occurred=START.event.occurred + round(seconds * 1e6))
    counted = metrics(replace(DETACHED, running=running))
    assert samples(counted, "flow_run_startup_seconds_count") == {(POOL,): 1}
    assert samples(counted, "flow_run_startup_seconds_sum") == ({(POOL,): seconds} if seconds > 0 else {})
    fits = min((bound for bound in STARTUP_SPANS if bound >= seconds), default=float("inf"))
    assert first_bucket(counted, "flow_run_startup") == fits
    assert list(STARTUP_SPANS) == sorted(set(STARTUP_SPANS))


@pytest.mark.parametrize("how", ALL)
def test_no_start_up_and_no_state_where_no_witness_spoke(how):
    it, counted = ALL[how], metrics(ALL[how])
    assert bool(samples(counted, "flow_run_startup_seconds_count")) == (it.running is not None)
    assert bool(samples(counted, "flow_run_states_total")) == (it.state is not None)


@pytest.mark.parametrize("type_", StateType)
def test_flow_runs_by_the_state_that_was_their_last(type_):
    counted = metrics(replace(DETACHED, state=replace(FAILED, said=State(type_, "whatever people call it"))))
    assert samples(counted, "flow_run_states_total") == {(type_, POOL): 1}


def test_a_start_up_and_a_state_count_once_however_often_their_record_is_amended():
    first = replace(DETACHED, state=None)
    told = replace(PUBLISHED, heard=("running",))
    again = replace(PUBLISHED, heard=("running", "failed"))
    counted = metrics(first, replace(DETACHED, replaces=told), replace(DETACHED, replaces=again))
    assert samples(counted, "flow_run_startup_seconds_count") == {(POOL,): 1}
    assert samples(counted, "flow_run_states_total") == {("FAILED", POOL): 1}


def test_pools_beyond_the_bound_share_one_start_up_and_one_state():
    many = [
        replace(DETACHED, told=(replace(START.details, work_pool=pool_named(f"pool-{number}")),))
        for number in range(2 * MOST_POOLS)
    ]
    counted = metrics(*many)
    for name in ("flow_run_startup_seconds_count", "flow_run_states_total"):
        by_pool = {pool: count for (*_, pool), count in samples(counted, name).items()}
        assert by_pool.pop("<other>") == MOST_POOLS
        assert set(by_pool.values()) == {1}
        assert len(by_pool) == MOST_POOLS


WITNESSES = {"detached": "detached_runs_total", "silent": "silent_runs_total", "unclaimed": "unclaimed_witnesses_total"}


@pytest.mark.parametrize("count, name", WITNESSES.items())
def test_what_nobody_speaks_for_and_who_speaks_for_nobody(count, name):
    counted = Metrics(wall_clock=lambda: NOW)
    assert f"{METRIC_PREFIX}_{name} 0.0" in counted.write().decode()
    for _ in range(2):
        counted.add(Tally("correlate", **{count: 3}))
    assert {other: samples(counted, other) for other in WITNESSES.values()} == {
        other: {(): 6} if other == name else {} for other in WITNESSES.values()
    }


@pytest.mark.parametrize("arrived, seconds", [(NOW - 1_500_000, 1.5), (NOW, 0), (NOW + 1_000_000, 0), (None, None)])
def test_the_delay_is_from_arrival_to_now_and_time_alone_has_none(arrived, seconds):
    counted = metrics(COMPLETED, arrived=arrived)
    assert samples(counted, "publishing_delay_seconds_count") == ({} if seconds is None else {(RUN,): 1})
    assert samples(counted, "publishing_delay_seconds_sum") == ({(RUN,): seconds} if seconds else {})


def of_pool(pool: Named | None) -> Lifecycle:
    return replace(COMPLETED, told=(replace(START.details, work_pool=pool),))


def pool_named(name: str | None) -> Named:
    return Named("c5cb7486-709f-4f63-bfd5-8e097fe9fbb6", name)


@pytest.mark.parametrize(
    "pool, label",
    [
        (pool_named("a"), "a"),
        (None, "<none>"),
        (pool_named(None), "<none>"),
        (pool_named(""), "<none>"),
        (pool_named("x" * 1_000_000), "x" * 200),
        (pool_named('Ünïcode "quoted"\n'), 'Ünïcode "quoted"\n'),
    ],
)
def test_pools_by_name(pool, label):
    assert samples(metrics(of_pool(pool)), "flow_run_duration_seconds_count") == {("worker", "completed", label): 1}


def test_the_pool_may_be_told_by_the_end_alone():
    told = (replace(START.details, work_pool=None), END.details)
    counted = metrics(replace(COMPLETED, told=told))
    assert samples(counted, "flow_run_duration_seconds_count") == {
        ("worker", "completed", END.details.work_pool.name): 1
    }


def test_pools_beyond_the_bound_are_other_and_the_first_ones_go_on():
    many = [of_pool(pool_named(f"pool-{number}")) for number in range(3 * MOST_POOLS)]
    counted = metrics(*many, *many)
    by_pool = {pool: count for (*_, pool), count in samples(counted, "flow_run_duration_seconds_count").items()}
    assert len(by_pool) == MOST_POOLS + 1
    assert by_pool.pop("<other>") == 2 * 2 * MOST_POOLS
    assert set(by_pool.values()) == {2}


def test_series_are_bounded_whatever_comes():
    """No run, worker, flow or tag has a series of its own."""
    seen = {len(metrics(*_of_many(number)).write().splitlines()) for number in (500, 1000)}
    assert len(seen) == 1


def _of_many(number: int) -> list[Lifecycle]:
    return [
        replace(
            one,
            subject=f"{one.subject}-{n}",
            start=replace(one.start, id=f"{one.start.id[:-4]}{n:04}", worker=f"w-{n}"),
        )
        for n in range(number)
        for one in (COMPLETED, of_pool(pool_named(f"pool-{n}")))
    ]


ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|prefect\.worker\.\w+\.|prefect\.flow-run\.[0-9a-f]")


def test_no_label_holds_an_id():
    counted = metrics(*ALL.values(), arrived=NOW)
    counted.add(Tally("intake", Counter({((Kind.WORKER, Role.START), "forwarded"): 1, (None, "ignored"): 1})))
    counted.add(Tally("intake", Counter({((Kind.FLOW_RUN, role), "forwarded"): 1 for role in Role})))
    labels = re.findall(r'="([^"]*)"', counted.write().decode())
    assert [value for value in labels if ID.search(value)] == []
    assert ID.search(START.event.id)
    assert ID.search(START_OF_WORKER.subject)


def test_events_by_stage_name_and_fate():
    counted = Metrics(wall_clock=lambda: NOW)
    for stage in ("intake", "correlate"):
        counted.add(Tally(stage, Counter({((Kind.FLOW_RUN, Role.END), "decided"): 2, (None, "ignored"): 3})))
    assert samples(counted, "events_total") == {
        ("prefect.worker.executed-flow-run", "decided", "intake"): 2,
        ("other", "ignored", "intake"): 3,
        ("prefect.worker.executed-flow-run", "decided", "correlate"): 2,
        ("other", "ignored", "correlate"): 3,
    }
    assert counted.fates() == {"decided": 4, "ignored": 6}


def test_events_of_witnesses_go_by_what_their_names_have_in_common():
    counted = Metrics(wall_clock=lambda: NOW)
    roles = (Role.CREATION, Role.PHASE, Role.RUNNING, Role.STATE)
    counted.add(Tally("correlate", Counter({((Kind.FLOW_RUN, role), "noted"): 1 for role in roles})))
    assert {name for name, *_ in samples(counted, "events_total")} == {
        "prefect.worker.executed-flow-run",
        "prefect.kubernetes.pod.*, prefect.ecs.task.*",
        "prefect.flow-run.Running",
        "prefect.flow-run.*",
    }


def test_nothing_is_counted_before_its_transaction_is_committed():
    counted = Metrics(wall_clock=lambda: NOW)
    draft = Draft("correlate", counted)
    draft.publish([COMPLETED], lambda _: None)
    transaction = draft.close({}, 1)
    assert samples(counted, "records_total") == {}
    transaction.committed()
    assert samples(counted, "records_total") == {RECORDS["run completed"]: 1}


def test_the_condition_is_asked_for_whenever_somebody_looks():
    now = {"ready": False, "open": {}}
    counted = Metrics(wall_clock=lambda: NOW)
    counted.watch(
        lambda: condition(
            ready=now["ready"],
            standstill=Standstill("it", 2.5),
            to_recover=12,
            partitions={"t": 4},
            lags={TopicPartition("t", 3): 7},
            uncommitted={TopicPartition("t", 3): 2},
            still_open=lambda kind: now["open"],
        )
    )
    assert samples(counted, "ready") == {}
    assert samples(counted, "open_lifecycles") == {}
    assert samples(counted, "oldest_open_age_seconds") == {}
    assert samples(counted, "standstill_seconds") == {(): 2.5}
    assert samples(counted, "recovery_records") == {(): 12}
    assert samples(counted, "topic_partitions") == {("t",): 4}
    assert samples(counted, "partition_lag_records") == {("3", "t"): 7}
    assert samples(counted, "uncommitted_records") == {("3", "t"): 2}
    now.update(ready=True, open={"a": Open(4, NOW - 30 * SECOND), "b": Open(1, NOW - 5 * SECOND)})
    assert samples(counted, "ready") == {(): 1}
    assert samples(counted, "open_lifecycles") == {
        (kind, pool): number for kind in (RUN, WORKER) for pool, number in {"a": 4, "b": 1}.items()
    }
    assert samples(counted, "oldest_open_age_seconds") == {
        (kind, pool): age for kind in (RUN, WORKER) for pool, age in {"a": 30, "b": 5}.items()
    }


def of_open(by_pool: dict[str, Open]) -> Metrics:
    """A stage with these open runs and workers."""
    counted = Metrics(wall_clock=lambda: NOW)
    counted.watch(lambda: condition(still_open=lambda _: by_pool))
    return counted


def test_the_oldest_is_not_younger_than_nothing():
    """A clock that runs ahead of ours began it in our future."""
    assert samples(of_open({"a": Open(1, NOW + 1)}), "oldest_open_age_seconds") == {}


def test_where_nothing_is_open_that_is_said():
    """A sum of no series is nothing, and no zero."""
    written = of_open({}).write().decode()
    for kind in Kind:
        for name in ("open_lifecycles", "oldest_open_age_seconds"):
            assert f'{METRIC_PREFIX}_{name}{{kind="{kind}",work_pool="<other>"}} 0.0\n' in written


def test_the_pools_with_the_oldest_are_named_and_all_others_are_one():
    by_pool = {f"pool-{number}": Open(number, NOW - number * SECOND) for number in range(1, 2 * MOST_OPEN_POOLS + 1)}
    by_pool[pools.OTHER] = Open(7, NOW - 9000 * SECOND)
    counted = of_open(by_pool)
    named = range(MOST_OPEN_POOLS + 1, 2 * MOST_OPEN_POOLS + 1)
    others = 7 + sum(range(1, MOST_OPEN_POOLS + 1))
    assert samples(counted, "open_lifecycles") == {
        (kind, pool): number
        for kind in (RUN, WORKER)
        for pool, number in {**{f"pool-{number}": number for number in named}, "<other>": others}.items()
    }
    assert samples(counted, "oldest_open_age_seconds") == {
        (kind, pool): age
        for kind in (RUN, WORKER)
        for pool, age in {**{f"pool-{number}": number for number in named}, "<other>": 9000}.items()
    }


HOSTILE = [
    'quoted " twice "',
    "two\nlines",
    "a\rreturn",
    "back\\slash",
    "back\\nslash",
    'a"} 1\nprefect_correlator_ready 0',
    "{{ $labels.job }}",
    "NUL \x00 DEL \x7f",
    "\u2028 \x85 \x0b \x1c",
    "Ünïcode 🜨",
    " ",
    "# HELP",
    "x" * pools.MAX_LENGTH,
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_whatever_people_call_a_pool_is_one_label(name):
    """Checked by Prometheus' own parser, which refuses what is not well-formed."""
    assert pools.called(pool_named(name)) == name
    written = of_open({name: Open(4, NOW - 30 * SECOND)}).write()
    assert samples(of_open({name: Open(4, NOW)}), "open_lifecycles") == {(RUN, name): 4, (WORKER, name): 4}
    checked = promtool("check", "metrics", text=written)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
