"""Compares records with what was done, and with what the APIs of Kubernetes and Prefect say."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from sessions.comparing import FOREVER, said, time_of, unlike, unlike_api, value
from sessions.deeds import State
from sessions.expecting import Expected
from sessions.kubernetes.plots import EXPECTED, Plot
from sessions.kubernetes.pods import Pod, last
from sessions.replaying import Record


class Done(Struct, frozen=True):
    """A whole session on Kubernetes, without its events."""

    prefect: str
    worker: str
    """The release of prefect-kubernetes."""
    kubernetes: str
    seconds: float
    """How long the session took."""
    runs: dict[str, Plot]
    """What was done with each flow run."""
    states: dict[str, list[State]]
    """The states of each flow run, as Prefect's API reports them."""
    pods: list[Pod]
    """The pods, as the API of Kubernetes reports them."""


class Row(Struct, frozen=True):
    """A Job, with what its record says, and what the API says about its last pod."""

    job: str
    what: str
    record: str
    api: str
    wrong: tuple[str, ...] = ()
    """The faults, each in words; none if all is right."""
    why: str = ""
    """Why Prefect reports no more than it does."""


def compare(done: Done, records: Iterable[Record]) -> list[Row]:
    """A row for each Job, run by run, then one for each run and each Job without a record."""
    of_run = defaultdict[str, list[Record]](list)
    for record in sorted(records, key=lambda record: str(value(record, "submitted_at"))):
        if run := value(record, "flow_run.id"):
            of_run[run].append(record)
    pods = defaultdict[str, list[Pod]](list)
    for pod in done.pods:
        pods[pod.job].append(pod)
    rows = [row for run, plot in done.runs.items() for row in _of_run(plot, of_run[run], done.states[run], pods)]
    nobodys = [record for run, left in of_run.items() if run not in done.runs for record in left]
    rows += [Row(_job(record), "nothing", _said(record), "", ("it is not of this session",)) for record in nobodys]
    unsaid = pods.keys() - {row.job for row in rows}
    return rows + [Row(job, "?", "no record", _pods(pods[job]), ("there is no record",)) for job in sorted(unsaid)]


def _of_run(plot: Plot, records: Sequence[Record], states: list[State], pods: dict[str, list[Pod]]) -> Iterator[Row]:
    wanted = EXPECTED[plot]
    if not records:
        yield Row("?", plot, "no record", "", ("there is no record",))
    if wanted.earlier is not None and len(records) == 1:
        yield Row("?", plot, "one record", "", ("Prefect submitted it once, and again is right",))
    for at, record in enumerate(records):
        is_last = at == len(records) - 1
        until = FOREVER if is_last else time_of(records[at + 1], "submitted_at") or FOREVER
        one, own = wanted.last if is_last else wanted.earlier, pods.get(_job(record), [])
        wrong = ["it was submitted more than once"] if one is None else _wrong(record, one, own, states, until)
        why = "" if one is None else one.why
        yield Row(_job(record), plot, _said(record), _pods(own), tuple(wrong), why)


def _wrong(record: Record, wanted: Expected, pods: list[Pod], states: list[State], until: datetime) -> Iterator[str]:
    yield from unlike(record, wanted)
    yield from unlike_api(record, states, until)
    if value(record, "ended_by") == "infrastructure":
        yield from _untimely(record, wanted, last(pods))


def _untimely(record: Record, wanted: Expected, pod: Pod | None) -> Iterator[str]:
    """The times in a record that contradict the API: it must end with its last pod, unless the API is known
    not to say.
    """
    since, ended = time_of(record, "submitted_at"), time_of(record, "ended_at")
    api = pod and pod.finished
    if ended != api and not (api is None and wanted.why):
        yield f"ended_at is {ended}, by the API {api}"
    if since is None or ended is None or abs((ended - since).total_seconds() - record["duration_seconds"]) > 1e-6:
        yield "its length is not that from its start to its end"
    if record["clock_skew_seconds"]:
        yield "its clocks are not one"


def _job(record: Record) -> str:
    return (value(record, "infrastructure.identifier") or "?").rpartition(":")[2]


def _said(record: Record) -> str:
    """A record in a few words."""
    ended, startup = time_of(record, "ended_at"), value(record, "startup_seconds")
    exit_ = [value(record, f"infrastructure.{key}") for key in ("exit", "reason")]
    words = [said(record)]
    words += [] if ended is None else [f"at {ended:%H:%M:%S}"]
    words += [] if startup is None else [f"began after {startup:.1f} s"]
    words += [" ".join(filter(None, exit_))] if any(exit_) else []
    return ", ".join(words)


def _pods(pods: list[Pod]) -> str:
    """What the API says about the last pod of a Job, in a few words."""
    pod = last(pods)
    if pod is None:
        return "no pod"
    since, until = (f"{at:%H:%M:%S}" if at else "?" for at in (pod.started, pod.finished))
    words = [f"{since} to {until}", *([f"{pod.reason}/{pod.exit_code}"] if pod.reason else [])]
    words += ["deleted"] if pod.deleted else []
    words += [f"the last of {len(pods)}"] if len(pods) > 1 else []
    return ", ".join(words)
