"""Which Kafka is taken, and what is said where there is none. Nothing real is started: the programs are stand-ins."""

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import BrokerFailed, NoKafka, local_kafka
from local.cluster import local_cluster
from local.ports import free_ports
from local.ready import serves

WHAT_TO_DO = (
    "install Java 17 or newer and Maven, or start a Docker engine, "
    "or set KAFKA_BOOTSTRAP_SERVERS to a running Kafka's host:port."
)

DOCKER = """
import pathlib, socket, struct, sys
said = pathlib.Path(__file__).with_name("said")
with said.open("a") as log:
    print(*sys.argv[1:], file=log)
match sys.argv[1]:
    case "info":
        print("28.2.2")
    case "create" if IMAGE_IS_TO_BE_HAD:
        print("0123456789abcdef")
    case "create":
        sys.exit("Error response from daemon: no such image")
    case "start":
        port = int(said.read_text().partition("--publish 127.0.0.1:")[2].partition(":")[0])
        with socket.create_server(("127.0.0.1", port)) as server:
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(64)
                    connection.sendall(struct.pack(">iii", 8, 7, 1))  # this is 7's answer: there is 1 broker
"""


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A PATH with nothing on it, a cache with nothing in it."""
    path = tmp_path / "bin"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("KAFKA_VERSION", raising=False)
    return path


@pytest.fixture
def program(programs: Path) -> Callable[[str, str], None]:
    """Put a program on the PATH: its name and its Python."""

    def put(name: str, source: str) -> None:
        (programs / name).write_text(f"#!{sys.executable} -IS\n{source}")
        (programs / name).chmod(0o755)

    return put


@pytest.fixture
def listener() -> Iterator[str]:
    """An address where someone accepts connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def no_kafka() -> str:
    """Return what is said where there is no Kafka: one sentence."""
    with pytest.raises(NoKafka) as error, local_kafka():
        pass
    said = str(error.value)
    assert said.endswith(".")
    assert ". " not in said
    assert "\n" not in said
    return said


def test_a_kafka_that_the_environment_names_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, listener: str):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:1,{listener}")
    with local_kafka() as kafka:
        assert kafka.bootstrap_servers == f"127.0.0.1:1,{listener}"
        for fault in (kafka.kill, kafka.pause, kafka.resume, kafka.restart):
            with pytest.raises(BrokerFailed, match=r"is not ours to"):
                fault()


def test_a_kafka_of_ones_own_is_another(monkeypatch: pytest.MonkeyPatch, listener: str):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", listener)
    with pytest.raises(NoKafka, match=r"install Java"), local_kafka(own=True):
        pass


def test_a_named_kafka_that_is_not_there(monkeypatch: pytest.MonkeyPatch):
    (port,) = free_ports(1)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{port}")
    assert no_kafka() == (
        f"KAFKA_BOOTSTRAP_SERVERS is 127.0.0.1:{port}, where nothing answers: "
        "start a Kafka there, or unset it to get one started."
    )


def test_nothing_is_installed():
    assert no_kafka() == (
        f"No Kafka is available, since no Docker is on the PATH and no Java is on the PATH: {WHAT_TO_DO}"
    )


def test_docker_without_an_engine_and_an_old_java(program: Callable[[str, str], None], programs: Path):
    program("docker", "raise SystemExit('Cannot connect to the Docker daemon')")
    program("java", "import sys; print('openjdk version \"11.0.2\" 2019-01-15', file=sys.stderr)")
    assert no_kafka() == (
        f"No Kafka is available, since no Docker engine answers and {programs}/java is older than Java 17: {WHAT_TO_DO}"
    )


def test_java_without_maven(program: Callable[[str, str], None]):
    program("java", "import sys; print('openjdk version \"17.0.15\" 2025-04-15', file=sys.stderr)")
    assert "and no Maven is on the PATH: install" in no_kafka()


def test_maven_without_a_network_leaves_no_half_of_a_cache(program: Callable[[str, str], None], tmp_path: Path):
    program("java", "import sys; print('openjdk version \"21\" 2023-09-19', file=sys.stderr)")
    program("mvn", "raise SystemExit(print('[ERROR] central: Unknown host') or 1)")
    assert "Maven could not fetch Apache Kafka" in (said := no_kafka())
    assert "(central: Unknown host)" in said
    assert list((tmp_path / "cache" / "prefect-lifecycle-correlator").iterdir()) == []


MAVEN = """
import pathlib, sys
pathlib.Path(__file__).with_name("fetched").write_text(" ".join(sys.argv[1:]))
sys.exit(1)
"""


@pytest.mark.parametrize("version, asks_docker", [("2.8.2", False), ("4.0.0", True)])
def test_a_release_that_the_environment_names(
    version: str,
    asks_docker: bool,
    program: Callable[[str, str], None],
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """The older ones need a ZooKeeper, which is in no image."""
    program("docker", f"IMAGE_IS_TO_BE_HAD = False{DOCKER}")
    program("java", "import sys; print('openjdk version \"21\" 2023-09-19', file=sys.stderr)")
    program("mvn", MAVEN)
    monkeypatch.setenv("KAFKA_VERSION", version)
    said = no_kafka()
    assert f"Maven could not fetch Apache Kafka {version}" in said
    assert "install Java 17 or newer and Maven" in said
    assert f" -Dkafka.version={version} " in (programs / "fetched").read_text()
    asked = (programs / "said").read_text() if (programs / "said").exists() else ""
    assert (f"apache/kafka:{version}" in asked) is asks_docker


def test_what_is_no_release(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAFKA_VERSION", "newest")
    assert no_kafka().startswith("KAFKA_VERSION is newest: set it to a release such as 4.")


def test_an_old_release_makes_no_cluster(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KAFKA_VERSION", "3.2.3")
    with pytest.raises(NoKafka, match=r"3\.2\.3 makes no cluster without a ZooKeeper"), local_cluster():
        pass


def test_a_container_where_an_engine_answers(program: Callable[[str, str], None], programs: Path):
    program("docker", f"IMAGE_IS_TO_BE_HAD = True{DOCKER}")
    with local_kafka({"log.retention.ms": "60000"}) as kafka:
        assert kafka.description.endswith("(container)")
        assert serves(kafka.bootstrap_servers)
        kafka.pause()
        kafka.resume()
    assert not serves(kafka.bootstrap_servers)
    info, create, start, *rest = (programs / "said").read_text().splitlines()
    assert info.startswith("info")
    name = start.removeprefix("start --attach ")
    port = kafka.bootstrap_servers.partition(":")[2]
    assert create.startswith(f"create --name {name} --publish 127.0.0.1:{port}:{port} ")
    assert f" KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:{port} " in create
    assert " KAFKA_LOG_RETENTION_MS=60000 " in create
    assert create.rpartition(" ")[2].startswith("apache/kafka:4.")
    assert rest == [f"pause {name}", f"unpause {name}", f"rm --force --volumes {name}"]


def test_a_container_that_cannot_be_had(
    program: Callable[[str, str], None], programs: Path, capsys: pytest.CaptureFixture[str]
):
    program("docker", f"IMAGE_IS_TO_BE_HAD = False{DOCKER}")
    said = no_kafka()
    assert "the Docker engine could not make a container of apache/kafka:4." in said
    assert "(Error response from daemon: no such image) and no Java is on the PATH: install" in said
    assert "trying a JVM instead" in capsys.readouterr().err
    assert "rm --force" in (programs / "said").read_text()


def test_free_ports_are_not_those_of_clients():
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert max(ports) < 32_768
