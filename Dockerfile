# The stage as an image: `make image`, then `docker run correlator:VERSION` with CORRELATOR_* settings.
ARG PYTHON=3.11-slim-bookworm

# Everything is installed from locks in which each file is pinned by its hash.
FROM python:${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Faust comes without binaries for arm64: there it is compiled.
RUN if [ "$(uname -m)" != x86_64 ]; then \
        apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*; \
    fi
WORKDIR /build
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /build/tools \
    && /build/tools/bin/pip install --require-hashes --requirement requirements/build.txt \
    && python -m venv /app \
    && /app/bin/pip install --require-hashes --requirement requirements/runtime.txt
COPY . .
RUN /build/tools/bin/hatchling build --target wheel --directory dist \
    && /app/bin/pip install --no-deps dist/*.whl \
    && /app/bin/python -m compileall -q /app/lib \
    && /app/bin/pip uninstall --yes pip setuptools

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="lifecycle correlator" \
      org.opencontainers.image.description="Joins Prefect's raw events into lifecycle records, on Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin correlator
COPY --from=build /app /app
# What a worker keeps on disk: Faust's data directory, RocksDB.
USER 10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["correlator"]
CMD ["worker"]
