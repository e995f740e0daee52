"""The settings that are searched: the protocols as they are; without one of their guards, in the smallest setting that
shows the harm; and without a step that turned out not to be a guard.
"""

from tests.protocol.setting import INPUT, LANE, TIME, WORKER, Setting, all_keep_to

_worker, _lane = WORKER._replace, LANE._replace

HOLDS: dict[str, Setting] = {
    "two faults": all_keep_to(WORKER, records=1),
    "one fault, two restarts": all_keep_to(WORKER, faults=1, starts=2),
    "requests sent twice": all_keep_to(WORKER, records=1, repeats=True),
    "brokers before 3.7": all_keep_to(WORKER, records=1, verified=False),
    "dynamic members": all_keep_to(WORKER, records=1, faults=1, starts=1, static=False),
    "tables in memory": all_keep_to(WORKER, records=1, disk=False),
    "deadlines": all_keep_to(WORKER, records=1, lanes=(TIME,)),
    "two lanes of one worker": all_keep_to(WORKER, lanes=(INPUT, INPUT), holders=(0, 0), records=1, faults=1),
    "two hops in one worker": all_keep_to(WORKER, lanes=(INPUT, 0), holders=(0, 0), records=1, faults=1),
    "two hops in two workers": all_keep_to(WORKER, lanes=(INPUT, 0), holders=(0, 1), records=1, faults=1),
    "three workers": all_keep_to(WORKER, workers=3, records=1, faults=1),
    "lane: two faults": all_keep_to(LANE, records=1),
    "lane: one fault, one restart": all_keep_to(LANE, faults=1, starts=1),
    "lane: brokers before 3.7": all_keep_to(LANE, records=1, verified=False),
    "lane: two hops": all_keep_to(LANE, lanes=(INPUT, 0), holders=(0, 0), records=1, faults=1),
}
"""The protocols as they are: nothing goes wrong."""

LONGER: dict[str, Setting] = {
    "two faults, two records": all_keep_to(WORKER),
    "three faults": all_keep_to(WORKER, records=1, faults=3),
    "two faults, one restart": all_keep_to(WORKER, records=1, starts=1),
    "brokers before 3.7, one restart": all_keep_to(WORKER, faults=1, starts=1, verified=False),
    "dynamic members, two faults": all_keep_to(WORKER, records=1, starts=1, static=False),
    "two hops, one restart": all_keep_to(WORKER, lanes=(INPUT, 0), holders=(0, 1), records=1, faults=1, starts=1),
    "two lanes of two workers": all_keep_to(
        WORKER, lanes=(INPUT, INPUT), holders=(0, 1), records=1, faults=1, starts=1
    ),
    "input and deadlines": all_keep_to(WORKER, lanes=(INPUT, TIME), holders=(0, 0), records=1, faults=1, starts=1),
    "three workers, one restart": all_keep_to(WORKER, workers=3, records=1, faults=1, starts=1),
    "lane: two faults, two records": all_keep_to(LANE),
    "lane: two faults, one restart": all_keep_to(LANE, records=1, starts=1),
}
"""Larger settings of the same, which take some minutes."""

NEEDED: dict[str, Setting] = {
    "offsets that name no member": all_keep_to(_worker(member=None)),
    "recovery up to the last stable offset of the moment": all_keep_to(_worker(end="last stable offset")),
    "offsets fetched without require_stable": all_keep_to(_worker(stable=False)),
    "offsets fetched before the group has answered": all_keep_to(
        _worker(before_joining=("offsets",), taking_over=("foreign", "ends", "changelog"))
    ),
    "ends asked for before the group has answered": all_keep_to(
        _worker(before_joining=("ends",), taking_over=("foreign", "offsets", "changelog"))
    ),
    "others' transactions ended, and nothing waited for": all_keep_to(_worker(stable=False, end="last stable offset")),
    "a commit that does not wait for deliveries": all_keep_to(_worker(deliveries=None)),
    "offsets before deliveries, and ends before offsets": all_keep_to(
        _worker(deliveries="end", taking_over=("ends", "offsets", "changelog"))
    ),
    "a beat that goes on while the group is joined, and names the new member": all_keep_to(
        _worker(finishes=False, member="now"), records=1
    ),
    "a beat that names no member once it has lost its membership": all_keep_to(_worker(member="now"), static=False),
    "deadlines without offsets": all_keep_to(_worker(offsets="moved"), lanes=(TIME,)),
    "tables that take what is delivered": all_keep_to(_worker(applies="delivered"), faults=1, starts=1),
    "lanes kept though others held them meanwhile": all_keep_to(_worker(kept="ever"), records=1),
    "the same epoch after a request was sent twice": all_keep_to(_worker(renews=False), repeats=True),
    "requests sent twice to brokers before 3.7": all_keep_to(WORKER, repeats=True, verified=False),
    "a worker of the other protocol takes over": Setting((WORKER, LANE)),
    "a worker of the other protocol is taken over": Setting((LANE, WORKER)),
    "lane: offsets fetched before the fence": all_keep_to(_lane(taking_over=("offsets", "fence", "ends", "changelog"))),
    "lane: ends asked for before the fence": all_keep_to(_lane(taking_over=("ends", "fence", "changelog", "offsets"))),
    "lane: a commit that does not wait for deliveries": all_keep_to(_lane(deliveries=None)),
    "lane: the same epoch after a request was sent twice": all_keep_to(_lane(renews=False), repeats=True),
}
"""Protocols without a guard: something goes wrong."""

SPARED: dict[str, Setting] = {
    "nobody ends others' transactions": all_keep_to(_worker(taking_over=("offsets", "ends", "changelog")), records=1),
    "ends before offsets": all_keep_to(_worker(taking_over=("foreign", "ends", "offsets", "changelog")), records=1),
    "changelogs before offsets": all_keep_to(
        _worker(taking_over=("foreign", "ends", "changelog", "offsets")), records=1
    ),
    "offsets before deliveries": all_keep_to(_worker(deliveries="end"), records=1, faults=1),
    "offsets of lanes that moved, beside others": all_keep_to(
        _worker(offsets="all if none"), lanes=(INPUT, TIME), holders=(0, 0), records=1, faults=1
    ),
    "a beat that goes on while the group is joined": all_keep_to(_worker(finishes=False), records=1, faults=1),
    "lanes kept from the generation before": all_keep_to(_worker(kept="consecutive"), records=1),
}
"""Protocols without a step that is no guard: nothing goes wrong."""
