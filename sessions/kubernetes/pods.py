"""What the API of Kubernetes says about pods, as reported by a watch."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

RUN: Final = "prefect.io/flow-run-id"
"""The label that Prefect puts on the pods and Jobs of a flow run."""


class Pod(Struct, frozen=True):
    """A pod, when the watch ended."""

    job: str
    pod: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    """When its container ended; None if the API never said so."""
    reason: str | None
    exit_code: int | None
    deleted: bool


class Watch:
    """Reads the output of ``kubectl get pods --watch --output-watch-events -o json``, in pieces of any size."""

    def __init__(self) -> None:
        self._left = ""
        self._pods: dict[str, Pod] = {}

    def read(self, text: str) -> None:
        """Read another piece of the output."""
        self._left, documents = _split(self._left + text)
        for document in documents:
            thing = document["object"]
            if "job-name" in thing["metadata"].get("labels", {}):
                uid = thing["metadata"]["uid"]
                self._pods[uid] = _pod(thing, self._pods.get(uid), deleted=document["type"] == "DELETED")

    def again(self) -> None:
        """Note that the command was started again."""
        self._left = ""

    def pods(self) -> list[Pod]:
        """All pods seen, in the order of their first appearance."""
        return list(self._pods.values())


def last(pods: Iterable[Pod]) -> Pod | None:
    """The pod that ended last, else the one that was created last."""
    return max(pods, key=lambda pod: (pod.finished is not None, pod.finished or pod.created), default=None)


def _pod(thing: dict[str, Any], before: Pod | None, *, deleted: bool) -> Pod:
    metadata, containers = thing["metadata"], thing["status"].get("containerStatuses", [])
    state = containers[0]["state"] if containers else {}
    ended = state.get("terminated", {})
    about = ended or state.get("running", {})
    pod = Pod(
        job=metadata["labels"]["job-name"],
        pod=metadata["name"],
        created=datetime.fromisoformat(metadata["creationTimestamp"]),
        started=_time(about.get("startedAt")),
        finished=_time(ended.get("finishedAt")),
        reason=ended.get("reason"),
        exit_code=ended.get("exitCode"),
        deleted=deleted,
    )
    if before is not None and before.reason and not pod.reason:  # its container had ended, and is no longer reported
        return replace(before, deleted=deleted)
    return pod


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _split(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The rest of a text after its complete JSON documents, and these documents."""
    found = list(_documents(text))
    return (text[found[-1][0] :] if found else text), [document for _, document in found]


def _documents(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        yield at, document
