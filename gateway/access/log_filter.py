"""Keeps the queries of /authorization, which hold passwords, out of every log."""

from __future__ import annotations

import logging
import re

QUERY = re.compile(r"(/authorization/[^\s?\"']*)\?[^\s\"']*")
# Those that write request lines: Django's development server and gunicorn. Their handlers are not
# this project's, so the filter is on the loggers.
LOGGERS = ("django.server", "gunicorn.access", "gunicorn.error")


class QueryFilter(logging.Filter):
    """Cuts those queries out of messages."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "/authorization/" in message and "?" in message:
            record.msg, record.args = QUERY.sub(r"\1", message), ()
        return True


def install() -> None:
    """Put the filter on the loggers of servers, whoever has configured them."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, QueryFilter) for one in logger.filters):
            logger.addFilter(QueryFilter())
