"""One look at the whole stage: what each worker holds, asked of all of them, as a page and as JSON."""

from correlator.glance.asking import reaching
from correlator.glance.glance import Glance, Us
from correlator.glance.own import Own
from correlator.glance.recent import Recent, Several

__all__ = ["Glance", "Own", "Recent", "Several", "Us", "reaching"]
