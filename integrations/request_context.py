"""The id of the request or job being worked on; it ties logs, audit rows and answers together."""

from contextvars import ContextVar

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="")
