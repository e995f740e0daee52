"""The records that the rules require for a truth, found in another way than the core's: over the whole truth at once,
in the order in which it happened, without regard to arrival. If the rules leave a case to the order of arrival (an end
that comes just when its start is forgotten), `Unclear` is raised, and the truth is not compared.
"""

from correlator.event import Event, Role
from tests.core.lived import Lived
from tests.core.spoken import Spoken
from tests.core.truth import LAG, Delivery, Span, Unclear


def records_of(events: list[Event], delivery: Delivery) -> set[str]:
    """The final records."""
    return Found(events, delivery).records()


class Found(Spoken):
    """The lifecycles of a subject, assembled from the whole truth."""

    def __init__(self, events: list[Event], delivery: Delivery) -> None:
        super().__init__(events, delivery)
        self.unmatched: list[Event] = []
        self.alone: list[Event] = []
        self.waiting: list[tuple[Event, Lived]] = []
        """Cancellations that came well after the end that a witness reports: a better witness may report another
        end."""
        for event in events:
            if event.role is Role.END and event.follows in self.by_id:
                self.by_id[event.follows].end, self.by_id[event.follows].how = event, "follows"
        for event in events:
            if event.role is Role.CANCELLATION:
                self._cancel(event)
            elif event.role is Role.END:
                if not (event.follows in self.by_id if event.follows else self._guess(event)):
                    self.unmatched.append(event)
            elif event.role is not Role.START:
                for one in self.hear(event):
                    self._look_again(one, event)

    def records(self) -> set[str]:
        joined: dict[str, Event] = {}
        for cancellation in list(self.alone):
            end = self._end_without_submit(cancellation)
            if end is not None:
                self.alone.remove(cancellation)
                joined.setdefault(end.id, cancellation)
        for one in self.lived:
            one.heard = self.what_is_heard(one, self.heard)
        return {
            *(one.written(self.delivery) for one in self.lived),
            *(
                f"..{end.id}/{joined[end.id].id} cancelled" if end.id in joined else f"..{end.id} unmatched"
                for end in self.unmatched
            ),
            *(f"../{cancellation.id} cancelled" for cancellation in self.alone),
        }

    def _guess(self, end: Event) -> bool:
        able = [
            one
            for one in self.lived
            if one.end is None
            and one.start.occurred <= end.occurred - self.delivery.rules.tight_timing
            and one.start.worker == end.worker
            and self.remembered(one, end)
        ]
        if not able:
            return False
        *older, chosen = able
        if chosen in self.dismissed:
            raise Unclear
        chosen.end = end
        chosen.how = "resource ambiguous" if older or chosen.passed_over else "resource"
        for one in older:
            one.passed_over = True
        self._look_again(chosen, end)
        return True

    # Cancellations

    def _cancel(self, cancellation: Event) -> None:
        latest = self.latest(cancellation)
        if latest is not None and self._owns(latest, cancellation):
            latest.cancellations.append(cancellation)
        else:
            self.alone.append(cancellation)
            if latest is not None:
                self.waiting.append((cancellation, latest))

    def _owns(self, one: Lived, cancellation: Event) -> bool:
        """Whether a run had not ended well before; without an end, whether it is still known."""
        ended = self.ended(one)
        if ended is not None:
            return ended.occurred >= cancellation.occurred - self.delivery.rules.grace
        return self.remembered(one, cancellation)

    def _look_again(self, one: Lived, new: Event) -> None:
        """Reassign cancellations after another report of a run's end: waiting ones may belong to it now, or its own no
        longer.
        """
        for cancellation in list(one.cancellations):
            if self.ended(one) and not self._owns(one, cancellation):
                one.cancellations.remove(cancellation)
                self.alone.append(cancellation)
                if self._still_waits(cancellation, new):
                    self.waiting.append((cancellation, one))
        for cancellation, whose in list(self.waiting):
            if whose is one and self._owns(one, cancellation):
                if self._still_waits(cancellation, new):
                    self.alone.remove(cancellation)
                    one.cancellations.append(cancellation)
                    one.cancellations.sort(key=lambda it: it.occurred)
                self.waiting.remove((cancellation, whose))

    def _still_waits(self, cancellation: Event, new: Event) -> bool:
        """Whether it has not been published alone when another event comes."""
        comes = Span(new.occurred - LAG, self.delivery.late(new).high)
        if comes.before(self.delivery.late(cancellation) + self.delivery.rules.grace):
            return True
        if self._end_without_submit(cancellation) is not None:
            raise Unclear  # one that an end has is not spent, as long as the record of both is remembered
        return False

    def _end_without_submit(self, cancellation: Event) -> Event | None:
        for end in self.unmatched:
            if end.occurred >= cancellation.occurred - self.delivery.rules.grace and Span(
                end.occurred - LAG, end.occurred + self.delivery.lateness
            ).before(self.delivery.late(cancellation) + self.delivery.rules.grace):
                return end
        return None


__all__ = ["records_of"]
