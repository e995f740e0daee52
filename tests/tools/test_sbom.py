"""The SBOM: what is installed, with the hashes that the lock has for it."""

from typing import Any

import pytest

from correlator import __version__
from tools.sbom import NotMade, checked, merged

PURL = "pkg:pypi/aiokafka@0.14.0"
HOMEPAGE = {"type": "website", "url": "https://aiokafka.readthedocs.io"}
FILES = {
    "type": "distribution",
    "url": "https://packages.example.org/aiokafka/",
    "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
}


def sbom(*components: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "prefect-lifecycle-correlator"}},
        "components": [{"type": "library", "name": "a package", **component} for component in components],
    }


def locked(*others: str) -> dict[str, Any]:
    return sbom(*({"purl": purl, "externalReferences": [FILES]} for purl in (PURL, *others)))


def test_a_component_has_what_it_says_and_its_hashes():
    (component,) = merged(sbom({"purl": PURL, "externalReferences": [HOMEPAGE]}), locked())["components"]
    assert component["externalReferences"] == [HOMEPAGE, FILES]


def test_a_component_that_says_nothing_has_its_hashes():
    (component,) = merged(sbom({"purl": PURL}), locked())["components"]
    assert component["externalReferences"] == [FILES]


def test_what_the_lock_has_for_another_system_is_not_in_the_image():
    components = merged(sbom({"purl": PURL}), locked("pkg:pypi/colorama@0.4.6"))["components"]
    assert [component["purl"] for component in components] == [PURL]


def test_our_version_is_in_it():
    assert merged(sbom(), locked())["metadata"]["component"]["version"] == __version__


def test_what_the_schema_does_not_allow_is_refused():
    assert checked(sbom({"purl": PURL}))
    with pytest.raises(NotMade, match="not what CycloneDX's schema allows"):
        checked(sbom({"purl": PURL, "hash": "sha256:aa"}))
