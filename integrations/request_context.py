"""Context variable: the id of the current request or job, for logs, audit rows and responses."""

from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
