"""In a real Chromium, the page fits, leaves the console empty, and runs no script from a name."""

import asyncio
import itertools

import pytest
from aiohttp.test_utils import TestServer

from correlator import page
from correlator.metrics import Metrics
from correlator.page.tables import VISIBLE_ROWS
from correlator.settings import Settings
from correlator.web import create_web
from tests.page.chromium import WIDTHS
from tests.page.hostile import MARKS, NAMES
from tests.page.views import HOUR, MINUTE, NOW, Showing, podded, run, view, worker
from tests.web.conditions import condition

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


def hostile_page() -> str:
    names = [*NAMES.values(), *(name for name, _ in MARKS.values()), "x" * 500, "wide " * 100]
    open_, ended = [], []
    for number, name in enumerate(names):
        every = {"name": name, "flow": name, "deployment": name, "pool": name, "worker_name": name}
        open_ += [worker(f"w{number}", ago=HOUR + number * MINUTE, **every)]
        ended += [run(number, ago=HOUR, lasts=10 * MINUTE, worker=open_[-1].worker, **every)]
    held_by = {it.record_id: name for several in (open_, ended) for it, name in zip(several, names, strict=True)}
    holders = [page.Holder(name, name, name, name, complete=bool(number % 2)) for number, name in enumerate(names)]
    stage = {"held_by": held_by, "holders": holders, "missing": names}
    return page.render(view(open_, ended, source=NAMES["a script"], about=NAMES["out of an attribute"], **stage))


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
        assert (await tab.evaluate("document.title")).endswith(NAMES["a script"])
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


@pytest.mark.parametrize("startup, larger", [(2, "right"), (8, "left")])
async def test_the_name_of_a_run_stands_in_the_larger_of_start_up_and_the_rest(tab, written, startup, larger):
    """Also zoomed and scrolled: on the colour of the other part it could not be read."""
    ended = [podded(1, ago=20 * MINUTE, lasts=10 * MINUTE, startup=startup * MINUTE)]
    await tab.open(written(page.render(view([], ended))), WIDTHS["desktop"])
    await tab.evaluate("document.querySelector('label[for=zoom4]').click()")
    await tab.evaluate("document.querySelector('.scroll').scrollLeft = -400")
    left, line, right, begin, end = await tab.evaluate("""(() => {
        const bar = document.querySelector('.bar.run'), at = bar.getBoundingClientRect()
        const name = bar.querySelector('b').getBoundingClientRect()
        const width = parseFloat(getComputedStyle(bar, '::before').width)
        return [at.left, at.left + width, at.right, name.left, name.right]
    })()""")
    assert line - left == pytest.approx(startup / 10 * (right - left), abs=2)
    if larger == "left":
        assert left - 1 <= begin < end <= line + 1
    else:
        assert line - 1 <= begin < end <= right + 1


@pytest.fixture
async def address():
    """The page of a running stage, which reloads every second; a minute passes between two loads."""
    now = itertools.count(NOW, MINUTE)
    open_ = [worker(f"w{number}", ago=HOUR) for number in range(12)]
    ended = [run(number, ago=number * MINUTE) for number in range(1, 2 * VISIBLE_ROWS)]

    def looked_at():
        return view(open_, ended, now=next(now), refresh=1)

    web = create_web(Settings(), Metrics(wall_clock=lambda: 0), condition, Showing(looked_at))
    async with TestServer(web) as server:
        yield str(server.make_url("/"))


AS_OF = "document.querySelector('.asof time').innerText"


async def until_renewed(tab, before):
    """Wait until the page shows another time."""
    async with asyncio.timeout(20):
        while (now := await tab.evaluate(f"document.querySelector('.asof time') && {AS_OF}")) in (before, None):
            await asyncio.sleep(0.1)
    return now


async def test_zoom_rows_and_place_outlive_a_refresh(tab, address):
    await tab.open(address, WIDTHS["desktop"])
    for link in ("a[href*='zoom=4']", "#last ~ .more a"):
        before = await tab.evaluate(AS_OF)
        await tab.evaluate(f'document.querySelector("{link}").click()')
        await until_renewed(tab, before)
    await tab.evaluate("scrollTo(0, document.querySelector('#last').offsetTop + 300)")
    place = await tab.evaluate("scrollY")
    for _ in range(2):  # it reloads by itself, also at an address with a fragment
        await until_renewed(tab, await tab.evaluate(AS_OF))
    width = "document.querySelector('.{}').getBoundingClientRect().width"
    assert await tab.evaluate(width.format("plot")) == pytest.approx(
        4 * await tab.evaluate(width.format("scroll")), 0.01
    )
    assert await tab.evaluate("document.querySelectorAll('#last ~ table tbody tr').length") == 2 * VISIBLE_ROWS - 1
    assert await tab.evaluate("scrollY") == place
    assert tab.said == []


@pytest.mark.parametrize("fragment", ["", "#workers"])
async def test_it_is_renewed_where_one_is_reading(tab, address, fragment):
    """Also after a click on a bar or a link, which gives the address a fragment."""
    await tab.open(address + fragment, WIDTHS["phone"])
    at = await tab.evaluate(AS_OF)
    await tab.evaluate("scrollTo(0, 700)")
    for _ in range(2):
        at = await until_renewed(tab, at)
        assert await tab.evaluate("scrollY") == 700


async def test_a_paused_page_stays_as_it_is(tab, address):
    """It keeps the scroll position and what was opened, for as long as the reader needs."""
    await tab.open(f"{address}?hold=1&zoom=16", WIDTHS["phone"])
    at = await tab.evaluate(AS_OF)
    await tab.evaluate("document.querySelector('.scroll').scrollLeft = -3000")
    await asyncio.sleep(2.5)
    assert await tab.evaluate(AS_OF) == at
    assert await tab.evaluate("document.querySelector('.scroll').scrollLeft") == -3000
    await tab.evaluate("document.querySelector('.asof a').click()")
    resumed = await until_renewed(tab, at)
    await until_renewed(tab, resumed)
    assert await tab.evaluate("location.search") == "?zoom=16"


async def test_a_row_that_is_folded_away_opens_for_its_bar(tab, written):
    ended = [run(number, ago=number * MINUTE) for number in range(1, VISIBLE_ROWS + 9)]
    await tab.open(written(page.render(view((), ended))), WIDTHS["desktop"])
    await tab.evaluate(f"document.querySelector('.bar[href=\"#{ended[-1].record_id}\"]').click()")
    assert await tab.evaluate("document.querySelector('details').open")
    assert await tab.evaluate("document.querySelector('tr:target td').innerText.includes('run-33')")


async def test_long_names_leave_room_for_the_others(tab, written):
    """A name takes one line of its column, whatever the width of the table."""
    long = "very-long-worker-name-for-the-batch-processing-team-in-eu-central-1"
    runs = [make(number, ago=HOUR, worker_name=long, pool=long, name=long) for number, make in enumerate((run, podded))]
    open_ = [worker("w", ago=HOUR, name=long), run("going", ago=HOUR, outcome=None, name=long, pool=long)]
    held_by = {it.record_id: long for it in (*open_, *runs)}
    for width in (900, 1280, 390):
        await tab.open(written(page.render(view(open_, runs, held_by=held_by))), width)
        assert await tab.evaluate(OVERFLOW) == 0
        line = "document.querySelector('td.what strong').getBoundingClientRect().height"
        assert await tab.evaluate(line) < 30
        assert await tab.evaluate("""
            [...document.querySelectorAll('td.cut bdi, .badge')].every(it => it.getBoundingClientRect().height < 30)""")


async def test_a_phone_is_not_given_a_page_without_end(tab, written):
    """12 workers and a few hundred runs take few screens of a phone; the rest is a tap away."""
    open_ = [worker(f"w{number}", ago=HOUR) for number in range(12)]
    open_ += [run(("open", number), ago=MINUTE, outcome=None, worker=open_[number % 12].worker) for number in range(40)]
    ended = [run(number, ago=number * MINUTE, worker=open_[number % 12].worker) for number in range(200)]
    await tab.open(written(page.render(view(open_, ended))), WIDTHS["phone"])
    assert await tab.evaluate("document.documentElement.scrollHeight") < 15_000


@pytest.mark.parametrize(
    "broken",
    ["<script>document.title = 'ran'</script>", "<img src=x onerror=alert(1)>", "<p style='width: 5000px'>wide</p>"],
)
async def test_the_test_can_fail(tab, written, broken):
    """If a name were not escaped, the page's policy would block its script and log that; the width would differ."""
    await tab.open(written(page.render(view()).replace("<main>", f"<main>{broken}")), WIDTHS["phone"])
    assert tab.said or await tab.evaluate("document.documentElement.scrollWidth") > WIDTHS["phone"]
    assert await tab.evaluate("document.title") != "ran"
