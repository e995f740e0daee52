"""The dashboard, as far as can be seen without Grafana: whole, well laid out, about metrics that exist."""

import itertools
import re

import pytest

from correlator.settings import Settings
from tests.monitoring import files

PANELS = files.panels()
TITLES = [f"{panel['id']} {panel['title']}" for panel in PANELS]


def test_what_grafana_finds_it_by():
    dashboard = files.dashboard()
    assert dashboard["uid"] == "prefect-correlator"
    assert dashboard["schemaVersion"] >= 39, "Grafana 11 or newer"
    assert dashboard["id"] is None, "it is given one where it is imported"


def test_ids_are_panels_own():
    ids = [panel["id"] for panel in files.dashboard()["panels"]]
    assert len(ids) == len(set(ids))


def test_no_panel_lies_on_another_or_beside_the_grid():
    cells = [
        (x, y)
        for panel in files.dashboard()["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))
    assert {y for _, y in cells} == set(range(max(y for _, y in cells) + 1)), "no line is empty"


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_panel_is_a_question_with_an_explanation_and_a_unit(panel):
    assert "?" in panel["title"]
    assert panel["description"].endswith((".", ")"))
    defaults, overrides = panel["fieldConfig"]["defaults"], panel["fieldConfig"]["overrides"]
    units = [property_ for override in overrides for property_ in override["properties"] if property_["id"] == "unit"]
    assert "unit" in defaults or "mappings" in defaults or len(units) == len(panel["targets"])


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_a_panel_asks_the_prometheus_that_is_chosen(panel):
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


@pytest.mark.parametrize("where, expression", list(files.expressions()), ids=lambda it: it[:40])
def test_expressions_are_about_metrics_that_exist_of_the_deployment_that_is_chosen(where, expression):
    selectors = files.selectors(expression)
    assert {selector.partition("{")[0] for selector in selectors} <= files.defined()
    assert selectors or expression.startswith("ALERTS{")
    chosen = 'namespace=~"$namespace", job=~"$job"'
    assert all(chosen in braces for braces in re.findall(r"\{([^}]*)\}", expression)), where
    assert all("{" in selector for selector in selectors)


def test_it_leads_to_the_page():
    (link,) = files.dashboard()["links"]
    (page,) = (it for it in files.dashboard()["templating"]["list"] if it["name"] == "page")
    assert link["url"] == "$page"
    assert page["query"] == f"http://localhost:{Settings.model_fields['web_port'].default}/"


def test_variables_are_those_that_are_used():
    variables = files.dashboard()["templating"]["list"]
    texts = [expression for _, expression in files.expressions()]
    texts += [variable["definition"] for variable in variables if "definition" in variable]
    texts += [link["url"] for link in files.dashboard()["links"]]
    used = set(itertools.chain.from_iterable(re.findall(r"\$([a-z]+)", text) for text in texts))
    assert used | {"datasource"} == {variable["name"] for variable in variables}
