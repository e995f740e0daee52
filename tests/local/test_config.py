"""Where a broker listens, and where it sends clients."""

import pytest

from local.config import Node, properties

NODE = Node(1, 9092, 9093)


@pytest.mark.parametrize(
    ("said", "listens", "advertised"),
    [
        ({"listen": "0.0.0.0"}, "0.0.0.0:9092", "127.0.0.1:9092"),  # in a container, whose port is forwarded
        ({"listen": "10.0.0.1", "advertised": "10.0.0.1"}, "10.0.0.1:9092", "10.0.0.1:9092"),
    ],
)
def test_clients_are_sent_where_they_reach_it(said: dict[str, str], listens: str, advertised: str):
    made = properties(node=NODE, voters=[NODE], data="data", config={}, **said)
    assert made["listeners"] == f"PLAINTEXT://{listens},CONTROLLER://127.0.0.1:9093"
    assert made["advertised.listeners"] == f"PLAINTEXT://{advertised}"
