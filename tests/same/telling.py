"""Events about workers, runs and their related resources: mostly the same each time, but often with variations."""

import random
from typing import Any, Final

from support import events
from tests.same.oddities import NAMES, STATUS_CODES, uuid_text
from tests.same.witnesses import IDENTIFIERS

_CANCELLED: Final = NAMES[4]
_OF_WORKERS: Final = NAMES[:2]
_NAME: Final = "prefect.resource.name"
_ROLE: Final = "prefect.resource.role"


class Teller:
    """Makes events that repeat what it said about a subject before, with variations."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._known: dict[str, list[dict[str, Any]]] = {}
        self._vary = rng.choice((0.0, 0.1, 0.3, 0.6))
        self._large = rng.random() < 0.02
        self._tags = rng.choice((0, 0, 1, 2, 3, 5))
        self._runner = rng.choice(("prefect.runner.r", "prefect.runner.made-up.2"))

    def event(self, name: str, subject: str, worker: str) -> dict[str, Any]:
        """An event without id and times. ``worker``: the sender of an event about a run."""
        rng = self._rng
        if name in _OF_WORKERS:
            own: dict[str, Any] = {**events.worker_of(subject)}
            related = self._related(subject, [{**it} for it in events.of_worker()])
        else:
            own = {**(events.runner_of(self._runner) if name == _CANCELLED else events.worker_of(worker))}
            related = self._related(subject, self._of_run(subject))
            if name == NAMES[3] or rng.random() < self._vary * 0.3:
                self._exited(related)
        if rng.random() < self._vary:
            label = rng.choice((_NAME, "prefect.version", "prefect.worker-type"))
            own[label] = rng.choice((None, "other", 7, "3.9.2"))
        if rng.random() < self._vary:
            own.pop(rng.choice((_NAME, "prefect.version", "prefect.worker-type")), None)
        told = {"event": name, "resource": own, "related": related, "payload": {}}
        if self._large and rng.random() < 0.3:
            self._enlarge(told)
        return told

    def _of_run(self, run: str) -> list[dict[str, Any]]:
        related: list[dict[str, Any]] = [{**it} for it in events.of_run(run)]
        return related + [
            {"prefect.resource.id": f"prefect.tag.t{number}", _ROLE: "tag"} for number in range(self._tags)
        ]

    def _related(self, subject: str, fresh: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rng = self._rng
        known = self._known.setdefault(subject, fresh)
        related = [{**labels} for labels in known]
        for labels in related:
            if rng.random() >= self._vary * 0.5:
                continue
            match rng.randrange(5):
                case 0:
                    labels.pop(_NAME, None)
                case 1:
                    labels[_NAME] = rng.choice(("other", None, 3, ""))
                case 2 if labels[_ROLE] not in ("flow-run", "tag"):
                    labels["prefect.resource.id"] = f"prefect.{labels[_ROLE]}.{uuid_text(rng)}"
                case 3 if labels[_ROLE] != "flow-run":
                    labels[_ROLE] = "nothing"
                case _ if labels[_ROLE] == "tag":
                    labels["prefect.resource.id"] += rng.choice("abc")
        if rng.random() < self._vary * 0.3:
            rng.shuffle(related)
        return related

    def _exited(self, related: list[dict[str, Any]]) -> None:
        rng = self._rng
        for labels in related:
            if labels[_ROLE] == "flow-run":
                if rng.random() < 0.9:
                    code = (
                        rng.choice(STATUS_CODES) if rng.random() < self._vary * 0.5 else rng.choice(("0", "1", "137"))
                    )
                    labels["prefect.infrastructure.status-code"] = code
                if rng.random() < 0.8:
                    labels["prefect.infrastructure.identifier"] = rng.choice(("host:1", "pod", "host:2", *IDENTIFIERS))

    def _enlarge(self, told: dict[str, Any]) -> None:
        rng = self._rng
        told["payload"] = {"p": "p" * 66_000}
        for labels in told["related"]:
            if rng.random() < 0.2:
                labels[_NAME] = "n" * rng.choice((1024, 1025))
        if rng.random() < 0.3:
            length = rng.choice((200, 1024))
            told["related"] += [
                {"prefect.resource.id": f"prefect.tag.{number}{'x' * length}", _ROLE: "tag"}
                for number in range(70_000 // length)
            ]
