"""Keeps queries of /authorization, which may contain passwords, out of the logs."""

from __future__ import annotations

import logging
import re

QUERY = re.compile(r"(/authorization/[^\s?\"']*)\?[^\s\"']*")
# The loggers that write request lines: Django's development server and gunicorn. Their handlers are
# not configured here, so the filter is added to the loggers.
LOGGERS = ("django.server", "gunicorn.access", "gunicorn.error")


class QueryFilter(logging.Filter):
    """Removes these queries from messages."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "/authorization/" in message and "?" in message:
            record.msg, record.args = QUERY.sub(r"\1", message), ()
        return True


def install() -> None:
    """Add the filter to the loggers of the servers."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(log_filter, QueryFilter) for log_filter in logger.filters):
            logger.addFilter(QueryFilter())
