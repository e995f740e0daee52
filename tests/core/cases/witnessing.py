"""Who reports an end: rules W1 to W6. In the timelines, ``c`` creates, ``p`` is a living pod, ``P`` one that has ended,
``r`` says RUNNING, and ``S`` is the flow run's terminal state.
"""

from correlator.event import Exit, StateType
from tests.core.cases.case import Case
from tests.core.scenes import KUBERNETES, cancel, created, end, pod, rules, running, start, state, submit, until

DONE, FAILED, EVICTED = Exit.SUCCEEDED, Exit.FAILED, Exit.EVICTED
CANCELLED, CRASHED = StateType.CANCELLED, StateType.CRASHED

WITNESSING = [
    # a─c─p──r──S─P
    # 0       8 8:02
    Case(
        "rule W2",
        "a detached run ends when its pod did, once its flow run's state is known",
        [
            submit("a", 0),
            created("c", 0.01, "a", "job"),
            pod("p", 0.1),
            running("r", 0.4),
            state("S", 8),
            pod("P", 9, DONE),
        ],
        ["a..P completed resource (c,r,S,P)"],
    ),
    Case(
        "rule W2",
        "the pod before the state: the same",
        [submit("a", 0), pod("P", 9, FAILED), state("S", 10, CRASHED), created("c", 0.01, "a", "job"), until(40)],
        ["a..P completed resource (S,P)", "a..P completed resource (c,S,P) amended"],
    ),
    # a─c──P              |       nobody says what became of the flow
    # 0    9              24+
    Case(
        "rule W2",
        "a pod alone: grace after it came, as it may be replaced",
        [submit("a", 0), created("c", 0.01, "a", "job"), pod("P", 9, DONE), until(24), until(24.1)],
        ["a..P completed resource (c,P)"],
    ),
    # a─c──r──S           |       no observer, or no queue of ECS
    # 0       8           23+
    Case(
        "rule W2",
        "a state alone: grace after it came, by the flow run's word",
        [submit("a", 0), created("c", 0.01, "a", "job"), running("r", 1), state("S", 8), until(23), until(23.1)],
        ["a..S completed resource (c,r,S)"],
    ),
    Case(
        "rules W2 and A1",
        "a pod that comes after the flow run's word counted has the better one",
        [submit("a", 0), state("S", 8), until(23.1), pod("P", 9, DONE)],
        ["a..S completed resource (S)", "a..P completed resource (S,P) amended"],
    ),
    # a────────S──x(a)
    # 0        3  3:07
    Case(
        "rule W2",
        "a worker that waits has the last word, and its record waits for that",
        [start("a", 0), running("r", 0.1), state("S", 3), end("x", 3.1, "a")],
        ["a..x completed follows (r,S)"],
    ),
    # a────────S          |        x          the worker was killed; or not
    # 0        8          23+      26
    Case(
        "rules W2 and A1",
        "a worker that waits and is silent: the flow run's word, until it speaks",
        [start("a", 0), state("S", 8), until(23.1), end("x", 26)],
        ["a..S completed resource (S)", "a..x completed resource (S) amended"],
    ),
    Case(
        "rule W2",
        "a worker that waits and is silent, and a pod: the pod's word, grace after the last of them came",
        [start("a", 0), pod("P", 7, DONE), state("S", 8), until(22.5), until(23.1)],
        ["a..P completed resource (S,P)"],
    ),
    Case(
        "rule W2",
        "an older Kubernetes worker, which waited: its word, whatever its pods said",
        [submit("a", 0), pod("P", 7, DONE), end("x", 7.1, worker=KUBERNETES), state("S", 7.05)],
        ["a..x completed resource (P)", "a..x completed resource (S,P) amended"],
    ),
    # a─c──p1──P1──p2─────────────────|──────P2─S
    # 0        9   10                 60     90
    Case(
        "rule W2",
        "a pod that took another's place lives: the run goes on",
        [
            *(submit("a", 0), created("c", 0.01, "a", "job"), pod("p1", 1), pod("P1", 9, EVICTED)),
            *(pod("p2", 10, name="job-2"), until(60), pod("P2", 90, DONE, "job-2"), state("S", 90.1)),
        ],
        ["a..P2 completed resource (c,S,P2)"],
    ),
    Case(
        "rule W2",
        "the end of the pod that took another's place never came: the flow run's word",
        [submit("a", 0), pod("P1", 9, FAILED), pod("p2", 10, name="job-2"), state("S", 90), until(105.1)],
        ["a..S completed resource (S)"],
    ),
    Case(
        "rule W2",
        "a pod that was deleted without a word, and the one that took its place",
        [submit("a", 0), pod("p1", 1), pod("p2", 10, name="job-2"), pod("P2", 30, DONE, "job-2"), state("S", 30.1)],
        ["a..P2 completed resource (S,P2)"],
    ),
    Case(
        "rule W2",
        "a pod that takes another's place within the same second",
        [
            submit("a", 0),
            pod("P1", 9, FAILED),
            pod("p2", 9, name="job-2"),
            until(25),
            pod("P2", 30, DONE, "job-2"),
            until(50),
        ],
        ["a..P2 completed resource (P2)"],
    ),
    Case(
        "rule W6",
        "a pod that failed is told of again, with a reason and without",
        [submit("a", 0), pod("P", 9, FAILED), pod("Q", 9, EVICTED, reason="Error"), pod("R", 9.1, FAILED), until(25)],
        ["a..Q completed resource (Q)"],
    ),
    # a─c─p1─r──S─P1─p2─r──|─────────S─P2      it crashed, and went on elsewhere
    # 0         9    9:12  60        180
    Case(
        "rules W2 and W6",
        "a state after which the flow ran again was not its last, and the pod's end before that not the run's",
        [
            *(submit("a", 0), created("c", 0.01, "a", "job"), pod("p1", 1), running("r", 1.4), state("S1", 9, CRASHED)),
            *(pod("P1", 9.1, EVICTED), pod("p2", 9.2, name="job-2"), running("r2", 9.6), until(60)),
            *(state("S2", 180), pod("P2", 180.1, DONE, "job-2"), until(300)),
        ],
        ["a..P1 completed resource (c,r,S1,P1)", "a..P2 completed resource (c,r,S2,P2) amended"],
    ),
    Case(
        "rules W2 and W6",
        "the same without a word of its pods",
        [start("a", 0), running("r", 1), state("S1", 9, CRASHED), running("r2", 9.6), state("S2", 180), until(196)],
        ["a..S2 completed resource (r,S2)"],
    ),
    Case(
        "rules W2 and W6",
        "a flow that ran again after its pod had ended has another, of which nobody tells",
        [submit("a", 0), pod("P1", 9, EVICTED), running("r", 9.6), until(60), state("S", 90), until(106)],
        ["a..S completed resource (r,S)"],
    ),
    Case(
        "rules W2 and A1",
        "a pod that takes another's place after that was published",
        [submit("a", 0), pod("P1", 9, FAILED), until(24.1), pod("P2", 30, DONE, "job-2"), state("S", 30.1)],
        ["a..P1 completed resource (P1)", "a..P2 completed resource (S,P2) amended"],
    ),
    Case(
        "rule W2",
        "the same pod is seen again, by an observer that came back",
        [submit("a", 0), pod("p", 1), pod("P", 9, DONE), pod("p", 1), pod("q", 10), state("S", 9), pod("P", 9, DONE)],
        ["a..P completed resource (S,P)"],
    ),
    # a─c──P         b─d──────Q
    Case(
        "rule W3",
        "a pod belongs to the submit that named its Job, whenever it ended",
        [
            *(submit("a", 0), created("c", 0.01, "a", "one"), submit("b", 5), created("d", 5.01, "b", "two")),
            *(pod("P", 6, FAILED, "one-x1"), pod("Q", 9, DONE, "two-x1"), state("S", 9.1), until(30)),
        ],
        ["b..Q completed resource (d,S,Q)", "a..P completed resource (c,P)"],
    ),
    Case(
        "rule W3",
        "a Job whose name its pods' names have no room for",
        [submit("a", 0), created("c", 0.01, "a", "j" * 63), pod("P", 6, DONE, "j" * 58 + "x1y2z"), state("S", 6.1)],
        ["a..P completed resource (c,S,P)"],
    ),
    Case(
        "rule W3",
        "without such a name: the latest submit that is not after it",
        [submit("a", 0), submit("b", 5), pod("P", 4, DONE), pod("Q", 9, DONE, "job-2"), state("S", 9), state("T", 4)],
        ["b..Q completed resource (S,Q)", "a..P completed resource (T,P)"],
    ),
    Case(
        "rule W3",
        "a submit that comes later takes a state over, and both are amended",
        [submit("a", 0), pod("P", 8, DONE), state("S", 8), submit("b", 7)],
        ["a..P completed resource (S,P)", "b..P completed resource (S,P)"],
        open=("a.. open amended",),
    ),
    Case(
        "rule W3",
        "a state dated long after its worker saw the run end is none of that life",
        [start("a", 0), end("x", 4, "a"), state("S", 19.1, CANCELLED), until(50)],
        ["a..x completed follows"],
    ),
    Case(
        "rules W3 and C1",
        "a state CANCELLED long after the pod's end is none of that life, as a runner's word is not",
        [submit("a", 0), pod("P", 5, FAILED), state("S", 5.05, StateType.FAILED), state("T", 25, CANCELLED), until(60)],
        ["a..P completed resource (S,P)"],
    ),
    Case(
        "rules W3 and C1",
        "a state CANCELLED long after another, where nobody else speaks",
        [start("a", 0), state("S", 5, StateType.FAILED), until(20.1), state("T", 35, CANCELLED), until(90)],
        ["a..S completed resource (S)"],
    ),
    Case(
        "rule W3",
        "a RUNNING long after its worker saw the run end is none of that life",
        [start("a", 0), end("x", 0.2, "a"), running("r", 20), until(50)],
        ["a..x completed follows"],
    ),
    Case(
        "rule W3",
        "a pod of another Job than its submit created is another's, and forgotten",
        [submit("b", 0), created("d", 0.01, "b", "two"), pod("p", 1, name="one-y"), until(30)],
        [],
        open=("b.. open (d)",),
    ),
    Case(
        "rules W1 and W4",
        "witnesses alone are no lifecycle: they are forgotten",
        [running("r", 0), pod("P", 1, DONE), state("S", 1), until(17), until(40)],
        [],
    ),
    Case(
        "rule W4",
        "witnesses wait for their submit",
        [running("r", 1), pod("P", 9, DONE), state("S", 9), submit("a", 0)],
        ["a..P completed resource (r,S,P)"],
    ),
    Case(
        "rules W4 and O5",
        "an end without its submit has no witnesses",
        [state("S", 1), end("x", 1.1), until(17)],
        ["..x unmatched"],
    ),
    Case(
        "rule W5",
        "a detached run of which nobody speaks is open until its limit",
        [submit("a", 0), created("c", 0.01, "a", "job"), until(59), until(60.1)],
        ["a.. lost (c)"],
        rules=rules(flow_run_limit=60),
    ),
    Case(
        "rule W6",
        "the first RUNNING after the submit counts",
        [
            submit("a", 0),
            running("s", 3),
            running("r", 1),
            submit("b", 5),
            running("t", 6),
            pod("P", 9, DONE),
            state("S", 9),
        ],
        ["b..P completed resource (t,S,P)"],
        open=("a.. open (r)",),
    ),
    # cancelled
    Case(
        "rules O2 and W2",
        "a state CANCELLED cancels, and is waited with for the pod",
        [submit("a", 0), state("S", 8, CANCELLED), pod("P", 9, DONE)],
        ["a..P/S cancelled resource (S,P)"],
    ),
    Case(
        "rules O2 and W2",
        "cancelled while pending: a state alone",
        [start("a", 0), state("S", 1, CANCELLED), until(16.1)],
        ["a..S/S cancelled resource (S)"],
    ),
    Case(
        "rules C4 and W2",
        "a runner cancels a detached run: its pod is waited for",
        [submit("a", 0), state("S", 8, CANCELLED), cancel("!", 8.1), pod("P", 8.2, DONE), until(30)],
        ["a..P/S cancelled resource (S,P)"],
    ),
    Case(
        "rules C1 and A1",
        "a runner cancels after the pod's end",
        [submit("a", 0), state("S", 8), pod("P", 8.1, FAILED), cancel("!", 8.5)],
        ["a..P completed resource (S,P)", "a..P/! cancelled resource (S,P) amended"],
    ),
    Case(
        "rules C1 and C3",
        "a cancellation long after the pod's end is a record of its own",
        [submit("a", 0), state("S", 8), pod("P", 8.1, FAILED), cancel("!", 24), until(40)],
        ["a..P completed resource (S,P)", "../! cancelled"],
    ),
    Case(
        "rules O3 and W2",
        "superseded, until a pod says when it ended",
        [
            submit("a", 0),
            created("c", 0.01, "a", "one"),
            submit("b", 5),
            until(20.1),
            pod("P", 4, DONE, "one-x"),
            until(36),
        ],
        ["a.. superseded by b (c)", "a..P completed resource (c,P) amended"],
        open=("b.. open",),
    ),
]
