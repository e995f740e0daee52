"""What happened in the sessions of `demo/sample`, as a reader of their events would retell it: every lifecycle, in the
order in which they began, then those without a reported beginning.
"""

from typing import NamedTuple


class Run(NamedTuple):
    """A run from its submit on, or a lone cancellation."""

    name: str
    outcome: str
    ended_by: str | None
    seconds: float | None
    state: str | None
    startup: float | None
    why: str | None = None
    """Why Prefect sent no report of its end by its worker; None if it did."""


class Worker(NamedTuple):
    """A worker from its start on."""

    name: str
    outcome: str
    seconds: float | None
    why: str | None = None


KILLED_WORKER = "its worker was killed while it ran; its process went on, and came to its terminal state"
STOPPED_WORKER = "its worker was gone before it ended; its process was told to exit, and said that it crashed"
NEVER_BEGAN = "it was cancelled before anything ran: its worker never reports on it again"
NOTHING_TO_RUN = "its infrastructure never came up, and its worker reports no exit of what it could not start"
SERVED = "a flow that is served has no worker: nobody submits it, and its runner tells that it cancelled it"

KILLED = "it was killed, and another process was started under its name"
STILL_UP = "it was not stopped within the session, or killed at its end"
BEFORE_3_1_3 = "no stop of a worker is ever delivered before Prefect 3.1.3"

RUNS: dict[str, list[Run]] = {
    "prefect-3.0.11": [
        Run("olive-seriema", "completed", "flow-run", 34.455409, "COMPLETED", 9.147719, KILLED_WORKER),
        Run("flying-weasel", "completed", "worker", 313.900558, "COMPLETED", 7.454668),
        Run("tasteful-serval", "completed", "worker", 24.391322, "COMPLETED", 18.717736),
        Run("inventive-grebe", "completed", "worker", 27.534119, "COMPLETED", 18.81005),
        Run("origami-rook", "completed", "worker", 14.362288, "COMPLETED", 8.903721),
        Run("versed-kingfisher", "completed", "worker", 20.314136, "FAILED", 16.180948),
        Run("topaz-coyote", "completed", "worker", 17.707055, "CRASHED", 16.155219),
        Run("cute-unicorn", "cancelled", "worker", 3.131481, "CANCELLED", None),
        Run("tasteful-serval", "completed", "worker", 28.432926, "COMPLETED", 21.004705),
        Run("black-seagull", "cancelled", "worker", 35.890784, "CANCELLED", 21.650628),
        Run("defiant-hare", "completed", "worker", 28.084003, "FAILED", 21.057358),
        Run("handsome-potoo", "cancelled", None, None, None, None, SERVED),
    ],
    "prefect-3.1.15": [
        Run("stoic-stallion", "completed", "flow-run", 31.038559, "COMPLETED", 5.80832, KILLED_WORKER),
        Run("frisky-llama", "completed", "worker", 15.085017, "COMPLETED", 8.332036),
        Run("solid-bloodhound", "completed", "worker", 11.50847, "COMPLETED", 7.342373),
        Run("ochre-manatee", "completed", "worker", 7.967883, "FAILED", 5.353543),
        Run("kind-eagle", "completed", "worker", 7.589201, "COMPLETED", 4.634119),
        Run("finicky-anteater", "completed", "worker", 6.944425, "CRASHED", 5.735013),
        Run("acrid-agouti", "cancelled", "worker", 5.141778, "CANCELLED", None),
        Run("fast-cuckoo", "completed", "worker", 16.715807, "FAILED", 12.453684),
        Run("solid-bloodhound", "completed", "worker", 16.758043, "COMPLETED", 12.498334),
        Run("black-ladybug", "cancelled", "worker", 24.750611, "CANCELLED", 8.411524),
        Run("stylish-husky", "cancelled", "worker", 24.646804, "CANCELLED", 13.301431),
        Run("infrared-wrasse", "cancelled", None, None, None, None, SERVED),
    ],
    "prefect-3.4.25": [
        Run("strange-zebra", "completed", "worker", 13.595912, "COMPLETED", 3.083713),
        Run("axiomatic-nyala", "completed", "flow-run", 33.009068, "COMPLETED", 7.571483, KILLED_WORKER),
        Run("kind-mushroom", "completed", "worker", 17.847455, "COMPLETED", 11.855692),
        Run("lively-lion", "completed", "worker", 20.472887, "FAILED", 17.202813),
        Run("cautious-hog", "completed", "worker", 20.200248, "CRASHED", 18.890981),
        Run("daffodil-curassow", "completed", "worker", 12.514347, "COMPLETED", 9.15647),
        Run("kind-mushroom", "completed", "worker", 12.55731, "COMPLETED", 5.618453),
        Run("brawny-gecko", "completed", "worker", 16.51595, "FAILED", 9.701558),
        Run("benign-snail", "cancelled", "worker", 21.681749, "CANCELLED", 18.260987),
        Run("spicy-caracara", "cancelled", "worker", 1.260791, "CANCELLED", None),
        Run("majestic-mole", "cancelled", "worker", 23.598873, "CANCELLED", 18.961992),
        Run("spiffy-doberman", "cancelled", None, None, None, None, SERVED),
    ],
    "prefect-3.6.29": [
        Run("logical-earwig", "completed", "flow-run", 35.544221, "COMPLETED", 10.158721, KILLED_WORKER),
        Run("silky-coua", "completed", "worker", 22.757867, "COMPLETED", 16.999603),
        Run("hungry-crayfish", "completed", "worker", 27.145814, "COMPLETED", 18.019903),
        Run("carmine-snake", "completed", "worker", 15.38897, "COMPLETED", 10.942309),
        Run("copper-coua", "completed", "worker", 16.817864, "FAILED", 13.340025),
        Run("courageous-parakeet", "completed", "worker", 17.987034, "CRASHED", 16.754076),
        Run("silky-coua", "completed", "worker", 24.746203, "COMPLETED", 16.872302),
        Run("statuesque-dingo", "completed", "worker", 30.889712, "FAILED", 25.904035),
        Run("clay-puma", "cancelled", "worker", 34.621093, "CANCELLED", 24.478114),
        Run("benevolent-mantis", "cancelled", "flow-run", 6.258172, "CANCELLED", None, NEVER_BEGAN),
        Run("sceptical-alpaca", "cancelled", None, None, None, None, SERVED),
    ],
    "prefect-3.9.1-events": [
        Run("pragmatic-panda", "completed", "worker", 324.028089, "COMPLETED", 3.290156),
        Run("stirring-bull", "completed", "worker", 7.578697, "COMPLETED", 3.703224),
        Run("colorful-bison", "completed", "worker", 9.399335, "COMPLETED", 4.735395),
        Run("hidden-ibex", "completed", "worker", 5.981157, "FAILED", 4.266002),
        Run("spectral-dragonfly", "completed", "worker", 6.719479, "CRASHED", 3.238174),
        Run("spiffy-seagull", "completed", "worker", 11.344308, "FAILED", 6.54705),
        Run("industrious-cougar", "completed", "worker", 6.723627, "COMPLETED", 2.975665),
        Run("eminent-coot", "completed", "flow-run", 46.016203, "CRASHED", 5.697693, STOPPED_WORKER),
        Run("excellent-sloth", "completed", "worker", 9.135304, "COMPLETED", 4.854471),
        Run("spotted-guan", "completed", "worker", 9.635308, "CRASHED", 6.353648),
        Run("fierce-gopher", "completed", "worker", 7.337482, "COMPLETED", 3.683493),
        Run("lurking-beagle", "completed", "worker", 6.759541, "COMPLETED", 3.064661),
        Run("fierce-gopher", "completed", "worker", 7.22077, "COMPLETED", 3.479167),
        Run("honorable-stallion", "completed", "flow-run", 44.983162, "CRASHED", 3.659676, STOPPED_WORKER),
        Run("fierce-gopher", "completed", "worker", 7.273125, "COMPLETED", 3.588505),
        Run("inquisitive-leech", "completed", "worker", 8.493591, None, 5.8055),
        Run("inquisitive-leech", "completed", "worker", 7.448391, "COMPLETED", 3.783095),
        Run("masked-sturgeon", "completed", "worker", 16.441303, "COMPLETED", 4.865825),
        Run("green-dolphin", "completed", "worker", 17.220355, "COMPLETED", 12.193533),
        Run("loyal-barracuda", "completed", "worker", 15.938676, "COMPLETED", 7.73998),
        Run("bald-scallop", "completed", "worker", 14.715638, "COMPLETED", 10.291467),
        Run("exceptional-skunk", "completed", "worker", 16.979603, "COMPLETED", 10.891981),
        Run("athletic-chowchow", "completed", "flow-run", 0.270325, "CRASHED", None, NOTHING_TO_RUN),
        Run("ambrosial-tarsier", "cancelled", "worker", 13.212002, "CANCELLED", 3.111981),
        Run("charcoal-nuthatch", "completed", "worker", 7.677268, "COMPLETED", 3.981978),
        Run("xanthic-dragon", "completed", "flow-run", 0.179421, "CRASHED", None, NOTHING_TO_RUN),
    ],
    "prefect-3.9.1-k8s": [
        Run("blond-wren", "completed", "infrastructure", 47.258252, "COMPLETED", 24.790222),
        Run("heavenly-condor", "completed", "infrastructure", 34.088481, "CRASHED", 27.839772),
        Run("poetic-collie", "cancelled", "infrastructure", 28.434663, "CANCELLED", 14.621128),
        Run("sandy-iguana", "cancelled", "infrastructure", 10.767064, "CANCELLED", None),
    ],
}

WORKERS: dict[str, list[Worker]] = {
    "prefect-3.0.11": [
        Worker("long-worker", "lost", None, BEFORE_3_1_3),
        Worker("big-bad-worker-2", "superseded", None, KILLED),
        Worker("worker-a", "lost", None, BEFORE_3_1_3),
        Worker("big-bad-worker-2", "lost", None, BEFORE_3_1_3),
    ],
    "prefect-3.1.15": [
        Worker("worker-a", "completed", 61.861246),
        Worker("big-bad-worker-2", "superseded", None, KILLED),
        Worker("big-bad-worker-2", "completed", 25.314539),
    ],
    "prefect-3.4.25": [
        Worker("big-bad-worker-2", "superseded", None, KILLED),
        Worker("worker-a", "completed", 100.216587),
        Worker("big-bad-worker-2", "completed", 28.028556),
    ],
    "prefect-3.6.29": [
        Worker("worker-a", "completed", 91.097217),
        Worker("big-bad-worker-2", "superseded", None, KILLED),
        Worker("big-bad-worker-2", "completed", 40.064003),
    ],
    "prefect-3.9.1-events": [
        Worker("long-worker", "lost", None, STILL_UP),
        Worker("worker-a", "superseded", None, KILLED),
        Worker("idle-worker", "superseded", None, KILLED),
        Worker("idle-worker", "superseded", None, KILLED),
        Worker("victim", "superseded", None, KILLED),
        Worker("old-timer", "lost", None, STILL_UP),
        Worker("young-timer", "lost", None, STILL_UP),
        Worker("worker-a", "completed", 22.893181),
        Worker("idle-worker", "superseded", None, KILLED),
        Worker("etl-worker-1", "lost", None, STILL_UP),
        Worker("idle-worker", "completed", 9.015545),
        Worker("victim", "lost", None, STILL_UP),
        Worker("etl-worker-2", "lost", None, STILL_UP),
    ],
    "prefect-3.9.1-k8s": [
        Worker("k8s-worker", "completed", 97.795967),
    ],
}
