# The stage as an image: `make image`, then `docker run correlator:VERSION` with CORRELATOR_* settings.
#
# Writable at run time is /data alone (a worker's local state): `--read-only` works, with a volume or a tmpfs there.

# Any image with Python ≥ 3.11 and its venv module, on glibc. Both stages stand on it: the interpreter that /app links to
# is then at the same place in both, wherever that is.
ARG BASE=docker.io/library/python:3.13-slim-trixie

# Everything is installed from locks in which each file is pinned by its hash.
FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Faust comes without binaries for arm64: there it is compiled.
RUN if [ "$(uname -m)" != x86_64 ]; then \
        apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev python3-dev; \
    fi
WORKDIR /build
COPY requirements/build.txt requirements/runtime.txt requirements/
# A pip.conf and a CA of your own (an index behind a proxy) come as secrets and stay out of the image.
# /app has no pip: that of the tools fills it.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.pem \
    python3 -m venv /build/tools \
    && /build/tools/bin/pip install --require-hashes --requirement requirements/build.txt \
    && python3 -m venv --without-pip /app \
    && /build/tools/bin/pip --python /app/bin/python install --require-hashes --requirement requirements/runtime.txt
COPY . .
# Compiled here, as nothing can be written there; and whole, whatever becomes of the files' times on the way.
RUN /build/tools/bin/hatchling build --target wheel --directory dist \
    && /build/tools/bin/pip --python /app/bin/python install --no-deps --no-index dist/*.whl \
    && rm -f /app/bin/activate* /app/bin/Activate* \
    && python3 -m compileall -q -f --invalidation-mode unchecked-hash /app/lib

FROM ${BASE}
# The base's own pip (python:slim's, or the wheels that Debian makes one of): nothing is to be installed here.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/ensurepip \
        /usr/lib/python3*/ensurepip /usr/share/python-wheels \
    && groupadd --gid 10001 correlator \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin correlator \
    && install --directory --owner 10001 --group 10001 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CORRELATOR_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
# Whether all moves, or has nothing to do; Kubernetes has its own probes and does not look here. It asks the default port of
# the worker or the bridge, or that of CORRELATOR_WEB_PORT or CORRELATOR_BRIDGE_WEB_PORT; where that is 0 (off), use
# --no-healthcheck.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, pathlib, urllib.request as u; which = ('CORRELATOR_BRIDGE_WEB_PORT', 8081) if b'\\0bridge' in pathlib.Path('/proc/1/cmdline').read_bytes() else ('CORRELATOR_WEB_PORT', 8080); u.urlopen(f\"http://127.0.0.1:{os.environ.get(which[0]) or which[1]}/healthz\", timeout=4)"]
ENTRYPOINT ["correlator"]
CMD ["worker"]
# Last, as they change with every commit.
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="lifecycle correlator" \
      org.opencontainers.image.description="Joins Prefect's raw events into lifecycle records, on Kafka" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
