"""What the dashboard's expressions say of series as Prometheus has them: with gaps, with beginnings, and with quiet."""

import json
import re

import pytest

from tests.monitoring import files
from tests.monitoring.prometheus import promtool

TARGET = 'namespace="n", job="a"'
BARS = [
    panel for panel in files.panels() if panel["fieldConfig"]["defaults"].get("custom", {}).get("drawStyle") == "bars"
]
LABELS = {
    "prefect_correlator_records_total": 'kind="{kind}", outcome="lost", matched_by="none", amended="false"',
    "prefect_correlator_events_total": 'stage="correlate", event="prefect.worker.started", fate="opened"',
    "prefect_correlator_dead_letters_total": 'reason="InvalidEvent"',
    "prefect_correlator_bridge_events_total": 'event="prefect.worker.started", way="live"',
    "prefect_correlator_flow_run_duration_seconds_count": 'work_pool="p", outcome="completed", ended_by="worker"',
    "prefect_correlator_flow_run_states_total": 'work_pool="p", type="FAILED"',
}


@pytest.fixture
def promised(tmp_path):
    """Hold an expression against what is expected of it at some moments, given series by name; scraped each 15 s."""

    def hold(expression, series, expected, **variables):
        for variable, value in {"namespace": ".*", "job": ".*", "pool": ".*", **variables}.items():
            expression = expression.replace(f"${variable}", value)
        assert "$" not in expression
        tests = [
            {
                "expr": expression,
                "eval_time": at,
                "exp_samples": [{"labels": labels, "value": value} for labels, value in samples],
            }
            for at, samples in expected.items()
        ]
        given = [{"series": name, "values": values} for name, values in series.items()]
        path = tmp_path / "tests.yaml"  # JSON is YAML
        path.write_text(json.dumps({"tests": [{"interval": "15s", "input_series": given, "promql_expr_test": tests}]}))
        checked = promtool("test", "rules", path)
        assert checked.returncode == 0, checked.stdout.decode()

    return hold


def expression(title, target=0):
    (panel, *_) = [panel for panel in files.panels() if panel["title"] == title]
    return panel["targets"][target]["expr"]


def of(panel):
    """The series that a panel counts, and the labels that it tells bars apart by, with their values."""
    (name,) = {selector.partition("{")[0] for selector in files.selectors(panel["targets"][0]["expr"])}
    kind = "worker-uptime" if "worker-uptime" in panel["targets"][0]["expr"] else "flow-run-duration"
    labels = LABELS[name].format(kind=kind)
    told = re.findall(r"\w+", panel["targets"][0]["legendFormat"])
    values = [pair for pair in labels.split(", ") if pair.partition("=")[0] in told]
    assert len(values) == len(told)
    return f"{name}{{{TARGET}, {labels}}}", f"{{{', '.join(values)}}}"


@pytest.mark.parametrize("panel", BARS, ids=lambda panel: panel["title"])
@pytest.mark.parametrize("scrape", [8, 9, 10, 11])
def test_an_event_is_one_bar_whenever_it_is_scraped(promised, panel, scrape):
    assert panel["interval"] == "1m"
    series, bar = of(panel)
    seen = -(-scrape // 4)  # at the first whole minute from then on
    expected = {f"{minute}m": [(bar, float(minute == seen))] for minute in range(1, 6)}
    promised(panel["targets"][0]["expr"], {series: f"5x{scrape - 1} 6x40"}, expected, __interval="1m")


@pytest.mark.parametrize("panel", BARS, ids=lambda panel: panel["title"])
def test_what_a_series_begins_with_is_a_bar_and_a_gap_is_none(promised, panel):
    series, bar = of(panel)
    expected = {"10m": [], "11m": [(bar, 3)], "12m": [(bar, 0)], "31m": [(bar, 0)], "32m": [(bar, 0)]}
    promised(panel["targets"][0]["expr"], {series: "_x43 3x20 _x60 3x40"}, expected, __interval="1m")


def test_a_pool_that_ran_once_in_each_pod_is_in_the_table(promised):
    """A series' first sample is in no increase(), and such a pool's series have no other."""
    name = "prefect_correlator_flow_run_duration_seconds_count"
    begins = {0: "_x20 1x400", 1: "_x80 1x400"}  # after 5 and after 20 minutes
    series = {f'{name}{{{TARGET}, pod="{pod}", work_pool="nightly"}}': values for pod, values in begins.items()}
    runs = {"10m": 1, "22m": 2, "44m": 2, "79m": 1}
    expected = {at: [('{work_pool="nightly"}', number)] for at, number in runs.items()}
    promised(expression("How long did runs take, by pool?"), series, {**expected, "90m": []}, __range="1h")


def test_what_was_long_before_the_time_shown_is_not_counted_after_a_gap(promised):
    series = {f'prefect_correlator_dead_letters_total{{{TARGET}, reason="InvalidEvent"}}': "1000x240 _x120 1000x400"}
    promised(expression("How many dead letters?"), series, {"100m": [("{}", 0)], "130m": [("{}", 0)]}, __range="15m")


@pytest.mark.parametrize("target, expected", [(0, {"stuck": 9000, "well": 7}), (1, {"stuck": 3, "well": 5})])
def test_a_pool_is_as_stuck_as_with_the_worker_that_has_its_oldest(promised, target, expected):
    """What others have of it is younger; <other> is there, and nothing is open in it."""
    open_ = {("1", "stuck"): (1, 9000), ("2", "stuck"): (2, 60), ("1", "well"): (5, 7), ("1", "<other>"): (0, 0)}
    series = {}
    for (pod, pool), values in open_.items():
        labels = f'{TARGET}, pod="{pod}", kind="flow-run-duration", work_pool="{pool}"'
        for name, value in zip(("open_lifecycles", "oldest_open_age_seconds"), values, strict=True):
            series[f"prefect_correlator_{name}{{{labels}}}"] = f"{value}x40"
    samples = [(f'{{work_pool="{pool}"}}', value) for pool, value in expected.items()]
    promised(expression("Which pool is stuck?", target), series, {"10m": samples}, __range="1h")


QUIET = {
    f"prefect_correlator_{name}{{{TARGET}, {labels}}}": "4x2000"
    for name, several in {
        "flow_run_startup_seconds_bucket": ['work_pool="p", le="60"', 'work_pool="p", le="+Inf"'],
        "flow_run_duration_seconds_bucket": ['work_pool="p", le="60"', 'work_pool="p", le="+Inf"'],
        "publishing_delay_seconds_bucket": ['kind="k", le="60"', 'kind="k", le="+Inf"'],
        "bridge_publishing_delay_seconds_bucket": ['way="live", le="60"', 'way="live", le="+Inf"'],
        "records_total": [
            'kind="k", outcome="lost", amended="false"',
            'kind="k", outcome="unmatched", amended="false"',
        ],
    }.items()
    for labels in several
}
RATIOS = [
    panel
    for panel in files.panels()
    if any("histogram_quantile" in target["expr"] or " / " in target["expr"] for target in panel["targets"])
]


@pytest.mark.parametrize("panel", RATIOS, ids=lambda panel: panel["title"])
def test_in_quiet_times_there_is_nothing_to_tell_and_no_number_that_is_none(promised, panel):
    for target in panel["targets"]:
        promised(target["expr"], QUIET, {"450m": []}, __range="1h", __rate_interval="1m")


WELL = {
    "up": "1x300",
    "prefect_correlator_ready": "1x300",
    "prefect_correlator_standstill_seconds": "0x300",
    "process_start_time_seconds": "7x300",
}
WORKERS = {
    "is well": WELL,
    "began again once": {**WELL, "process_start_time_seconds": "7x200 8x100"},
    "began again twice": {**WELL, "process_start_time_seconds": "7x180 8x30 9x90"},
    "recovers": {**WELL, "prefect_correlator_ready": "0x300"},
    "stands still": {**WELL, "prefect_correlator_standstill_seconds": "61x300"},
    "is gone": {**dict.fromkeys(WELL, "1x100 stale"), "up": "1x100 0x200"},
    "is up for 45 s of 5 minutes": {
        **dict.fromkeys(WELL, "_x18 1 1 1 " * 13),
        "up": "0x17 1 1 1 " * 13,
        "prefect_correlator_standstill_seconds": "_x18 0 0 0 " * 13,
    },
}
WELL_BRIDGE = {
    "up": "1x300",
    "prefect_correlator_bridge_live": "0x300",
    "prefect_correlator_bridge_standstill_seconds": "0x300",
    "process_start_time_seconds": "7x300",
}
BRIDGES = {
    "has a bridge": WELL_BRIDGE,
    "has one that began again once": {**WELL_BRIDGE, "process_start_time_seconds": "7x200 8x100"},
    "has one that began again twice": {**WELL_BRIDGE, "process_start_time_seconds": "7x180 8x30 9x90"},
    "has one that stands still": {**WELL_BRIDGE, "prefect_correlator_bridge_standstill_seconds": "61x300"},
    "has one that is gone": {**dict.fromkeys(WELL_BRIDGE, "1x100 stale"), "up": "1x100 0x200"},
    "has one that never served": {"up": "0x300"},
}


@pytest.mark.parametrize(
    "well, workers",
    [
        (1, ["is well"]),
        (1, ["is well", "began again once"]),
        *((0, ["is well", worker]) for worker in [*WORKERS][2:]),
        *((1, ["is well", bridge]) for bridge in [*BRIDGES][:2]),
        *((0, ["is well", bridge]) for bridge in [*BRIDGES][2:]),
        (0, ["has a bridge"]),
        (0, ["is gone", "is gone"]),
        (0, []),
    ],
    ids=str,
)
def test_whether_the_stage_is_well_whatever_there_is_to_tell_by(promised, well, workers):
    series = {
        f'{name}{{{TARGET}, instance="{number}"}}': values
        for number, worker in enumerate(workers)
        for name, values in (WORKERS | BRIDGES)[worker].items()
    }
    promised(expression("Is the stage well?"), series, {"60m": [("{}", well)]})
