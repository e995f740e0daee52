"""What is in the wheel and in the sdist, and what they say of themselves."""

import os
import re
import subprocess
import tarfile
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import html5lib
import pytest
from readme_renderer import markdown

from correlator import __version__
from tests.release.conftest import ROOT, UV

STEM = f"prefect_lifecycle_correlator-{__version__}"
ABOUT = f"{STEM}.dist-info"


def kept(place: str) -> set[str]:
    """The files of a folder that git keeps."""
    listed = subprocess.run(["git", "ls-files", place], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


def in_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def in_sdist(sdist: Path) -> dict[str, bytes]:
    with tarfile.open(sdist) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        return {name.removeprefix(f"{STEM}/"): file.read() for name, file in files.items() if file}


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    return BytesParser().parsebytes(in_wheel(wheel)[f"{ABOUT}/METADATA"])


def test_the_wheel_is_the_package_and_what_pip_wants(wheel: Path):
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert set(in_wheel(wheel)) == kept("correlator") | {f"{ABOUT}/{name}" for name in about}


def test_the_sdist_is_the_package_and_what_builds_it(sdist: Path):
    beside = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO", ".gitignore"}
    assert set(in_sdist(sdist)) == kept("correlator") | beside


def test_type_checkers_see_the_types(wheel: Path):
    assert "correlator/py.typed" in in_wheel(wheel)


def test_no_file_names_the_machine(wheel: Path, sdist: Path):
    files = in_wheel(wheel) | in_sdist(sdist)
    assert [
        name for name, content in files.items() if bytes(ROOT) in content or bytes(Path.home()) + b"/" in content
    ] == []


def test_the_metadata(metadata: Message):
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert (metadata["License-Expression"], metadata.get_all("License-File")) == ("Apache-2.0", ["LICENSE"])
    assert metadata.get_all("Provides-Extra") == ["bridge", "rocksdb"]
    assert metadata["Summary"]
    assert metadata["Keywords"]
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])


def test_every_link_on_pypi_leads_somewhere(metadata: Message):
    """PyPI shows the description alone: a link to a file of the repository would be dead there."""
    description = str(metadata.get_payload())
    page = html5lib.parse(markdown.render(description), namespaceHTMLElements=False)
    links = [value for element in page.iter() for name, value in element.attrib.items() if name in {"href", "src"}]
    places = {f"#{element.attrib['id']}" for element in page.iter() if "id" in element.attrib}
    assert links
    assert [link for link in links if not re.match(r"https?://", link) and link not in places] == []
    assert "mermaid" not in description, "PyPI would show its source"
    assert not re.search(r"^!", description, re.MULTILINE), "of an image, nothing is left"


def test_the_readme_installs_this_wheel(wheel: Path, sdist: Path):
    assert f"pip install 'dist/{wheel.name}[bridge,rocksdb]'" in in_sdist(sdist)["README.md"].decode()


def test_the_changelog_has_the_version(sdist: Path):
    assert f"\n## [{__version__}] - " in in_sdist(sdist)["CHANGELOG.md"].decode()


def test_the_same_bytes_wherever_they_are_built(wheel: Path, sdist: Path, tmp_path: Path):
    """From the sdist, in another folder, with files that are newer and that nobody else may read."""
    with tarfile.open(sdist) as archive:
        made = int(archive.getmembers()[0].mtime)
        for member in archive:
            archive.extract(member.replace(mtime=made + 86400, mode=0o600), tmp_path, filter="data")
    subprocess.run(
        [UV, "build", "--quiet", "--no-build-isolation", "--python", ROOT / ".venv/bin/python", tmp_path / STEM],
        env=os.environ | {"SOURCE_DATE_EPOCH": str(made)},
        check=True,
    )
    again = tmp_path / STEM / "dist"
    assert (again / wheel.name).read_bytes() == wheel.read_bytes()
    assert (again / sdist.name).read_bytes() == sdist.read_bytes()
