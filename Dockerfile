# Pin the base by digest where that is wanted: --build-arg BASE=python:3.11-slim@sha256:...
ARG BASE=python:3.11-slim

FROM ${BASE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/computecast && mkdir /data
COPY requirements.lock /build/
RUN /opt/computecast/bin/python -m pip install --require-hashes -r /build/requirements.lock
COPY . /build/
RUN /opt/computecast/bin/python -m pip install --no-deps --no-build-isolation /build \
    && /opt/computecast/bin/python -m pip uninstall --yes hatchling pip

FROM ${BASE}
LABEL org.opencontainers.image.title="computecast" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=builder /opt/computecast /opt/computecast
COPY --from=builder --chown=10001:10001 /data /data
ENV PATH=/opt/computecast/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
ENV COMPUTECAST_DATABASE_URL=sqlite:////data/computecast.db
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["computecast", "serve", "--host", "0.0.0.0", "--port", "8000"]
