"""Calls to MX → payloads: one object, or the pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from integrations.vendors import errors
from integrations.vendors.base import Access
from integrations.vendors.mx import atrium_api, failures
from integrations.vendors.mx.values import Payload
from integrations.vendors.transport import Call, Transport


class Client:
    """MX's API through one transport."""

    def __init__(self, access: Access) -> None:
        self.policy = access.policy
        self.transport = Transport(
            vendor="mx",
            access=access,
            headers=atrium_api.headers(access),
            failure=failures.failure,
        )

    def call(
        self,
        operation: str,
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
        **ids: str,
    ) -> Any:
        """The parsed answer. Reads and deletions are repeated when MX fails."""
        method, template = atrium_api.PATHS[operation]
        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        call = Call(
            operation=operation,
            method=method,
            path=template.format(**quoted),
            template=template,
            query=query,
            body=body,
            is_repeatable=method in ("GET", "DELETE"),
        )
        return self.transport.send(call).body

    def one(self, operation: str, key: str, **kwargs: Any) -> Payload:
        """The object under `key`. Raises VendorBadResponse where it is not."""
        answer = self.call(operation, **kwargs)
        payload = answer.get(key) if isinstance(answer, dict) else None
        if not isinstance(payload, dict):
            raise errors.VendorBadResponse(vendor="mx", operation=operation)
        return payload

    def pages(
        self,
        operation: str,
        key: str,
        *,
        query: dict[str, str] | None = None,
        identity: Callable[[Any], Any] = lambda row: row.get("guid"),
        **ids: str,
    ) -> Iterator[list[Any]]:
        """The pages of a list, each object once even when rows shift between pages.

        Ends at the last page MX announces, or at a page without anything new. Raises
        VendorBadResponse at the policy's bound: an endless list must not pass for a complete one.
        """
        seen: set[Any] = set()
        for page in range(1, self.policy.max_pages + 1):
            asked = (query or {}) | {
                "page": str(page),
                "records_per_page": str(atrium_api.PAGE_SIZE),
            }
            answer = self.call(operation, query=asked, **ids)
            rows = answer.get(key) if isinstance(answer, dict) else None
            if not isinstance(rows, list):
                raise errors.VendorBadResponse(vendor="mx", operation=operation)
            new = [row for row in rows if _is_new(row, identity, seen)]
            yield new
            total = _total_pages(answer)
            if not rows or (total is not None and page >= total) or (total is None and not new):
                return
        raise errors.VendorBadResponse(
            "MX announces more pages than can be right.", vendor="mx", operation=operation
        )


def _is_new(row: Any, identity: Callable[[Any], Any], seen: set[Any]) -> bool:
    name = identity(row) if isinstance(row, dict) else None
    if not isinstance(name, str | tuple):
        return True  # nothing to tell it by: mapping will say what is wrong with it
    if name in seen:
        return False
    seen.add(name)
    return True


def _total_pages(answer: dict[str, Any]) -> int | None:
    pagination = answer.get("pagination")
    total = pagination.get("total_pages") if isinstance(pagination, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None
