"""The whole stage at a glance: a worker asks all others what they hold, and serves that as a page and as JSON."""

from correlator.glance.asking import reaching
from correlator.glance.glance import Glance, ThisWorker
from correlator.glance.own_report import OwnReport
from correlator.glance.recent import FanOut, RecentRecords

__all__ = ["FanOut", "Glance", "OwnReport", "RecentRecords", "ThisWorker", "reaching"]
