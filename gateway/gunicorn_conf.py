"""Settings of gunicorn: `gunicorn --config python:gateway.gunicorn_conf gateway.wsgi`."""

import os
from typing import Any

from gunicorn.http import wsgi

from gateway.boot import database, startup

database.shares_connections = True
wsgi.SERVER = "gateway"  # the Server header, for which gunicorn has no setting
worker_class = "gthread"  # threads, because requests wait for vendors
limit_request_line = 8190  # enough for a hundred ids in a query
accesslog = None  # queries of token calls contain passwords
control_socket_disable = True


def on_starting(server: Any) -> None:
    """Refuse unsafe settings in the master process, before it listens."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
    startup.refuse_unsafe_settings()
