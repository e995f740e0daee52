"""Creates missing topics. Existing ones are left as they are."""

from correlator.settings import Settings
from correlator.topics.cluster import Cluster, Topic, connected
from correlator.topics.declared import MAX_MESSAGE_BYTES, Purpose, TopicSpec, declared, declared_for_bridge


async def create(settings: Settings, *, bridge: bool = False) -> list[str]:
    """Create the declared topics that are missing, including the input; with ``bridge``, also the topic of its
    position. Returns their names. Raises `TopicsError`.
    """
    async with connected(settings) as cluster:
        created = await create_missing(cluster, settings, input_too=True)
        return [*created, *(await create_missing_for_bridge(cluster, settings) if bridge else ())]


async def create_missing(cluster: Cluster, settings: Settings, *, input_too: bool) -> list[str]:
    """Create the declared topics that are missing; return their names. Raises `TopicsError`.

    Without an input, nothing is created unless ``input_too``: limits of the other topics are taken from it.
    """
    found = await cluster.read(spec.name for spec in declared(settings))
    input_, source = found.get(settings.topic_events), found.get(settings.topic_joined)
    if input_ is None and not input_too:
        return []
    specs = declared(settings, source.partitions if source else None)
    wanted = [spec for spec in specs if spec.name not in found and (input_too or spec.purpose is not Purpose.INPUT)]
    return await cluster.create(_as_large(spec, input_) for spec in wanted)


async def create_missing_for_bridge(cluster: Cluster, settings: Settings) -> list[str]:
    """Create the bridge's topics that are missing; return their names. Raises `TopicsError`."""
    specs = declared_for_bridge(settings)
    found = await cluster.read(spec.name for spec in specs)
    return await cluster.create(spec for spec in specs if spec.name not in found)


def _as_large(spec: TopicSpec, input_: Topic | None) -> TopicSpec:
    """The declared topic with the input's size limit, if it must be able to hold the input's largest record."""
    if input_ is None or spec.purpose not in {Purpose.DEAD_LETTERS, Purpose.LIFECYCLES, Purpose.CHANGELOG}:
        return spec
    return spec._replace(config={**spec.config, MAX_MESSAGE_BYTES: input_.config[MAX_MESSAGE_BYTES]})
