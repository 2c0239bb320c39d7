"""Where MX's APIs and their versions differ; apis.py has the table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from integrations.vendors import records
from integrations.vendors.base import VendorConfig
from integrations.vendors.limits import Limits
from integrations.vendors.mx.values import Payload
from integrations.vendors.records import WidgetOptions


@dataclass(frozen=True, slots=True)
class Dialect:
    """One version of one API.

    Args:
        api: as credentials store it.
        version: likewise.
        limits: its page size among them.
        paths: operation → method and path template; placeholders are MX's ids.
        repeatable_posts: operations that may be sent twice though they write, with the reason.
        headers: authentication and version.
        user_body: the body that creates a user of that identifier.
        user_query: the query that finds that user in the list of users; empty if MX cannot.
        identifier_key: where a user object has the identifier that we chose.
        widget_body: the body that asks for a link to the widget.
        widget_url_keys: where its answer has the link.
        date_range: the query for transactions of these days, both included.
        transaction_query: what else lists of transactions and single ones are asked for with.
        holdings_key: under which holdings are listed.
        holding: a holding as a record.
        account_number_identity: what tells two account numbers of a list apart.
        lagging: operations that MX may answer with 404 shortly after it made their object.
    """

    api: str
    version: str
    limits: Limits
    paths: Mapping[str, tuple[str, str]]
    repeatable_posts: Mapping[str, str]
    headers: Callable[[VendorConfig], dict[str, str]]
    user_body: Callable[[str], dict[str, object]]
    user_query: Callable[[str], dict[str, str]]
    identifier_key: str
    widget_body: Callable[[WidgetOptions], dict[str, object]]
    widget_url_keys: tuple[str, str]
    date_range: Callable[[date, date], dict[str, str]]
    holdings_key: str
    holding: Callable[[Payload], records.Holding]
    account_number_identity: Callable[[Payload], object]
    transaction_query: Mapping[str, str] = field(default_factory=dict)
    lagging: frozenset[str] = frozenset()

    def is_repeatable(self, operation: str) -> bool:
        """Whether sending it twice has the effect of sending it once."""
        return self.paths[operation][0] in ("GET", "DELETE") or operation in self.repeatable_posts
