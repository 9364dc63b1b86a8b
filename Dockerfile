# lens-nas with all that it needs, on CPUs and on NVIDIA GPUs: docs/gpus.md has the lines to use it.
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY nas nas
COPY search_spaces search_spaces
COPY baselines baselines
COPY lens_nas_plugins lens_nas_plugins
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
# Another place where pip finds packages, such as PyTorch's builds for CPUs, which are far smaller.
ARG PIP_EXTRA_INDEX_URL
COPY requirements.lock /tmp/
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --constraint /tmp/requirements.lock \
        "$(echo /tmp/wheels/lens_nas-*.whl)[export]" && \
    rm -r /tmp/wheels /tmp/requirements.lock
# Whoever runs it, with --user, needs a name and a home of their own.
ENV HOME=/tmp USER=lens
WORKDIR /work
ENTRYPOINT ["lens-nas"]
