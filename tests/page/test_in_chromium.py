"""The page in a real Chromium: it fits, says nothing on the console, and runs nothing that a name holds."""

import pytest

from correlator import page
from tests.page.chromium import WIDTHS
from tests.page.hostile import MARKS, NAMES
from tests.page.views import HOUR, MINUTE, run, view, worker

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


def hostile_page() -> str:
    names = [*NAMES.values(), *(name for name, _ in MARKS.values()), "x" * 500, "wide " * 100]
    open_, ended = [], []
    for number, name in enumerate(names):
        every = {"name": name, "flow": name, "deployment": name, "pool": name, "worker_name": name}
        open_ += [worker(f"w{number}", ago=HOUR + number * MINUTE, **every)]
        ended += [run(number, ago=HOUR, lasts=10 * MINUTE, worker=open_[-1].worker, **every)]
    return page.render(view(open_, ended, title=NAMES["a script"], subtitle=NAMES["out of an attribute"]))


@pytest.fixture
def written(tmp_path):
    def write(html):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        return (tmp_path / "page.html").as_uri()

    return write


async def test_hostile_names_are_shown_and_fit_and_run_nothing(tab, written):
    address = written(hostile_page())
    for width in WIDTHS.values():
        await tab.open(address, width)
        assert await tab.evaluate(OVERFLOW) == 0
        assert await tab.evaluate("document.title") == NAMES["a script"]
        assert await tab.evaluate("document.querySelectorAll('script, img, svg').length") == 0
    assert tab.said == []


async def test_it_can_be_zoomed_without_a_script(tab, written):
    await tab.open(written(page.render(view([worker("w", ago=HOUR)]))), WIDTHS["phone"])
    width = "document.querySelector('.track').getBoundingClientRect().width"
    whole = await tab.evaluate(width)
    await tab.evaluate("document.querySelector('label[for=zoom4]').click()")
    assert await tab.evaluate(width) == pytest.approx(4 * whole, rel=0.01)
    assert await tab.evaluate(OVERFLOW) == 0


async def test_a_bar_is_where_its_lane_is_and_its_row_is_marked(tab, written):
    open_ = [worker("w", ago=HOUR), run(1, ago=MINUTE, outcome=None, worker=worker("w", ago=HOUR).worker)]
    await tab.open(written(page.render(view(open_))), WIDTHS["desktop"])
    assert await tab.evaluate("""
        [...document.querySelectorAll('.bar')].every(bar => {
            const at = bar.getBoundingClientRect(), lane = bar.closest('.track').getBoundingClientRect()
            return at.width >= 4 && at.left >= lane.left && at.right <= lane.right + 1 && at.bottom <= lane.bottom
        })""")
    await tab.evaluate("document.querySelector('.bar.run').click()")
    assert await tab.evaluate("document.querySelector('tr:target td').innerText.includes('run-1')")


@pytest.mark.parametrize(
    "broken",
    ["<script>document.title = 'ran'</script>", "<img src=x onerror=alert(1)>", "<p style='width: 5000px'>wide</p>"],
)
async def test_the_test_can_fail(tab, written, broken):
    """What the browser would do with a name that is not escaped: the policy forbids it, and says so; width tells."""
    await tab.open(written(page.render(view()).replace("<main>", f"<main>{broken}")), WIDTHS["phone"])
    assert tab.said or await tab.evaluate("document.documentElement.scrollWidth") > WIDTHS["phone"]
    assert await tab.evaluate("document.title") != "ran"
