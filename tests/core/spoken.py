"""Which submit each witness speaks of, found over the whole truth, and until when a submit is known."""

from itertools import chain, combinations, pairwise

from correlator.event import Event, Kind, Phase, Role, State, StateType
from tests.core.lived import Lived, Testimony, WitnessedEnd
from tests.core.truth import LAG, MINUTE, Delivery, Span, Unclear

STEM = 58
"""How many characters of a Job's name, with its hyphen, its pods' names begin with."""


class Spoken:
    """The submits of a subject, and what witnesses say about each."""

    def __init__(self, events: list[Event], delivery: Delivery) -> None:
        self.delivery, self.events = delivery, events
        self.lived = [Lived(event) for event in events if event.role is Role.START]
        self.by_id = {one.start.id: one for one in self.lived}
        if not (delivery.kind is Kind.WORKER and delivery.rules.worker_names_shared):
            for one, after in pairwise(self.lived):
                one.next = after.start
        self.heard: list[tuple[Event, Lived | None]] = []
        """Each witness with the lifecycle that it belongs to; None if it found no submit."""
        self.dismissed: list[Lived] = []
        """The lifecycles with a state dated long after their end."""
        self.moved: list[tuple[Event, Lived]] = []
        """A pod's phase, with the lifecycle that has an earlier phase of that pod and is still known."""

    def remembered(self, one: Lived, event: Event) -> bool:
        """Whether a start is still known when an event comes, whichever of the events that occurred shortly before have
        come.
        """
        when = Span(event.occurred - LAG, event.occurred + self.delivery.lateness)
        end = None if one.end is None or one.end.occurred > event.occurred else one.end
        its = [said.id for said, whose in self.heard if whose is one]
        its += [cancellation.id for cancellation in one.cancellations]
        late = [id_ for id_ in its if self._occurred(id_) + self.delivery.lateness >= event.occurred]
        moved = [it for it, whose in self.moved if whose is one] + self._passed_by(one)
        answers = set()
        for missing in chain.from_iterable(combinations(late, count) for count in range(len(late) + 1)):
            heard = self.what_is_heard(one, [it for it in self.heard if it[0].id not in missing])
            cancellations = [it for it in one.cancellations if it.id not in missing and it.occurred <= event.occurred]
            answers.add(when.before(one.forgotten(self.delivery, end, cancellations, heard, moved)))
        if len(answers) > 1 or (answers == {False} and self._is_kept(one, event)):
            raise Unclear
        return answers.pop()

    def _passed_by(self, one: Lived) -> list[Event]:
        """Witnesses of the next submit that may have come before it: they counted as this one's for a time, and amended
        it.
        """
        after = one.next
        if after is None or not self.delivery.lateness:
            return []
        passing = range(after.occurred, after.occurred + self.delivery.lateness + 1)
        its = {it.role for it, whose in self.heard if whose is one} & {Role.RUNNING} | {Role.CREATION}  # say no more
        says = [it for it, whose in self.heard if whose and whose.start is after and it.role not in its]
        return [it for it in says if it.occurred in passing]

    def _is_kept(self, one: Lived, event: Event) -> bool:
        """Whether an undecided end may still take the start: it is then kept until that end is decided, and takes
        witnesses until then (rule M9).
        """
        if event.role in (Role.END, Role.CANCELLATION):
            return False
        waits = self.delivery.rules.tight_timing + 2 * self.delivery.lateness + LAG
        ends = [it for it in self.events if it.role is Role.END and it.follows is None]
        return any(
            it.worker == one.start.worker
            and one.start.occurred <= it.occurred - self.delivery.rules.tight_timing
            and 0 <= event.occurred - it.occurred <= waits
            and self._may_be_remembered(one, it)
            for it in ends
        )

    def _may_be_remembered(self, one: Lived, event: Event) -> bool:
        try:
            return self.remembered(one, event)
        except Unclear:
            return True

    def _occurred(self, id_: str) -> int:
        return next(event.occurred for event in self.events if event.id == id_)

    def hear(self, event: Event) -> list[Lived]:
        """Find the lifecycle that a witness belongs to, if any. Returns those about which it says something new."""
        named = self._named(event)
        if event.role is Role.CREATION or (named is not None and self.remembered(named, event)):
            one = named
        else:
            one = self.latest(event)
            if one is not None and _name_of(event) and self._created(one):
                one = None  # it is another's, which is forgotten
        if one is not None:
            self._goes_on(one, event)
        if one is not None and (self._is_long_over(one, event) or not self.remembered(one, event)):
            one = None
        lives = isinstance(event.said, Phase) and event.said.exit is None
        if one is not None and (lives or event.role is Role.RUNNING):
            self._withdraws(event, one)
        if isinstance(event.said, Phase) and self._outweighed(event, event.said.unit, one):
            return []
        self.heard.append((event, one))
        return [it for it in (one, *(whose for moved, whose in self.moved if moved is event)) if it is not None]

    def _goes_on(self, one: Lived, event: Event) -> None:
        """Raise `Unclear` if a flow runs again, or a witness speaks, after the presumed end of the run: what was
        published by then is open again, or what was dismissed is not. `tests/core/cases` has such runs.
        """
        if one in self.dismissed:
            raise Unclear
        cancelled = any(_cancels(it) for it, whose in self.heard if whose is one)
        if cancelled and not (isinstance(event.said, Phase) and event.said.exit is not None):
            raise Unclear  # whether it was cancelled too late hangs on which of the others is known
        word = one.word(self.delivery, self.what_is_heard(one, self.heard))
        if event.role is Role.RUNNING and one.end is None and word is not None and word.counts.low <= event.occurred:
            raise Unclear
        if event.role is Role.STATE and self._is_long_over(one, event):
            self.dismissed.append(one)

    def _withdraws(self, event: Event, one: Lived) -> None:
        """A living pod, or a RUNNING, may have come before its submit, and counted as one of the previous submit. If
        that one waits for a word to count, and would have been forgotten without this one, it may have been.
        """
        before = [it for it in self.lived if it.next is one.start and it.end is None]
        if event.occurred > one.start.occurred + self.delivery.lateness or not self.delivery.lateness:
            return
        for it in before:
            heard = self.what_is_heard(it, self.heard)
            if it.word(self.delivery, heard) and self.remembered(it, event):
                known = Testimony([*heard.all, event], it.end)
                when = Span(event.occurred - LAG, event.occurred + self.delivery.lateness)
                if not when.before(it.forgotten(self.delivery, None, it.cancellations, known, [])):
                    raise Unclear

    def _outweighed(self, event: Event, unit: str, one: Lived | None) -> bool:
        """Whether a phase of the same pod, held by another lifecycle and still known, says more. If it says less, that
        lifecycle loses it.
        """
        before = [(it, whose) for it, whose in self.heard if isinstance(it.said, Phase) and it.said.unit == unit]
        others = [(it, whose) for it, whose in before if whose is None or whose is not one]
        known = [(it, whose) for it, whose in others if self._still_known(it, whose, event)]
        if any(_by_weight(it) > _by_weight(event) for it, _ in known):
            return True
        self.moved += [(event, whose) for _, whose in known if whose is not None]
        return False

    def _still_known(self, event: Event, whose: Lived | None, new: Event) -> bool:
        if whose is not None:
            return self.remembered(whose, new)
        return self.delivery.late(new).before(self.delivery.late(event) + self.delivery.rules.grace)

    def _named(self, event: Event) -> Lived | None:
        """The submit that a creation names, or that created a pod's Job or a task; if several could have,
        the latest.
        """
        if event.role is Role.CREATION:
            return self.by_id.get(event.follows or "")
        name = _name_of(event)
        able = [one for one in self.lived if name and any(_is_of(name, it) for it in self._created(one))]
        not_after = [one for one in able if one.start.occurred <= event.occurred]
        if len(able) > 1:
            raise Unclear  # Jobs of one long name: which of them is still known?
        if able and not not_after and able[-1].start.occurred > event.occurred + MINUTE:
            raise Unclear  # a Job of the same long name, by a later submit: who knows of it yet?
        return (not_after or able or [None])[-1]

    def _created(self, one: Lived) -> list[str]:
        """The identifiers of what its worker said it had created."""
        said = [it for it in self.events if it.role is Role.CREATION and it.follows == one.start.id]
        return [ran.identifier for it in said if (ran := it.infrastructure) is not None and ran.identifier]

    def latest(self, event: Event) -> Lived | None:
        before = [one for one in self.lived if one.start.occurred <= event.occurred]
        return before[-1] if before else None

    def _is_long_over(self, one: Lived, event: Event) -> bool:
        """Whether a state or a RUNNING is dated more than ``grace`` after the end that the worker saw; for a state that
        cancels, after an end that anybody saw.
        """
        if event.role not in (Role.STATE, Role.RUNNING):
            return False
        if one.end is not None:
            return event.occurred > one.end.occurred + self.delivery.rules.grace
        if not _cancels(event):
            return False
        heard = self.what_is_heard(one, self.heard)
        ended = [*heard.ends, *heard.states][:1]
        return any(event.occurred > it.occurred + self.delivery.rules.grace for it in ended)

    def what_is_heard(self, one: Lived, heard: list[tuple[Event, Lived | None]]) -> Testimony:
        """The testimony about a lifecycle. Only one phase of each pod counts, whichever lifecycle has it: an end before
        a life, one with a reason before one without, the later of two.
        """
        said = [it for it, whose in heard if whose is one]
        last: dict[str, Event] = {}
        phases = [it for it in said if it.role is Role.PHASE]
        for event in sorted([*phases, *(it for it, whose in self.moved if whose is one)], key=_by_weight):
            if isinstance(event.said, Phase):
                last[event.said.unit] = event
        return Testimony([it for it in said if not isinstance(it.said, Phase) or last[it.said.unit] is it], one.end)

    def ended(self, one: Lived) -> Event | None:
        word = one.end or one.word(self.delivery, self.what_is_heard(one, self.heard))
        return word.event if isinstance(word, WitnessedEnd) else word


def _cancels(event: Event) -> bool:
    return isinstance(event.said, State) and event.said.type is StateType.CANCELLED


def _by_weight(event: Event) -> tuple[bool, bool, int, str]:
    said = event.said
    assert isinstance(said, Phase)
    return said.exit is not None, said.reason is not None, event.occurred, event.id


def _name_of(event: Event) -> str | None:
    return event.said.name if isinstance(event.said, Phase) else None


def _is_of(name: str, identifier: str) -> bool:
    """Whether a pod belongs to the Job that a worker named, or a task is the one that it named."""
    if identifier.startswith("arn:"):
        return identifier.partition("::")[2] == name
    return name.startswith(f"{identifier.partition(':')[2]}-"[:STEM])
