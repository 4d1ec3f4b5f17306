# One image for every part of the relay; which part it is says the command.
# Dependencies come from the lock with their hashes; nothing is written at run time but /data and /tmp.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY alert_relay ./alert_relay
COPY shared ./shared
COPY services ./services
COPY examples ./examples
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable . \
 && /venv/bin/python -m compileall -q alert_relay shared services

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home relay && install -d -o relay -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 GOMEMLIMIT=256MiB RELAY_HOME=/data
USER relay
VOLUME /data
CMD ["relay", "--help"]
