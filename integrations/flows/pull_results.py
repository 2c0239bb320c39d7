"""What the pulls of balances, transactions and holdings have in common."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar, cast

from integrations import audit_context
from integrations.flows import outbound_webhooks
from integrations.models import AccountLink
from integrations.vendors import records
from nucleus.models import AggregationAccount

logger = logging.getLogger(__name__)
T = TypeVar("T")
P = ParamSpec("P")


@dataclass(slots=True)
class PullResult(Generic[T]):
    """The rows that a pull stored and canceled, and the rejected items.

    `unconfirmed` counts rows that the vendor seems to lack and was not asked for.
    """

    posted: list[T] = field(default_factory=list)
    canceled: list[T] = field(default_factory=list)
    rejected: list[records.RejectedItem] = field(default_factory=list)
    unconfirmed: int = 0


def with_audit_subject(pull: Callable[P, T]) -> Callable[P, T]:
    """Decorator: record the account of the keyword argument `link` with every vendor call."""

    @functools.wraps(pull)
    def audited_pull(*args: P.args, **kwargs: P.kwargs) -> T:
        account = cast("AccountLink", kwargs["link"]).aggregation_account
        with audit_context.audit_subject(client_id=account.client_id, account_id=account.pk):
            return pull(*args, **kwargs)

    return audited_pull


def emit_changes(event: str, account: AggregationAccount, **data: Any) -> None:
    """Emit an event about rows of the account, in the transaction that has changed them.

    Args:
        event: a name of outbound_webhooks.
        data: the event's data; nothing is emitted if all of it is zero or empty.
    """
    if not any(data.values()):
        return
    counts = {name: value for name, value in data.items() if isinstance(value, int)}
    logger.info("account %s: %s %s", account.pk, event, counts)  # no amounts in logs
    outbound_webhooks.emit(
        tenant_id=account.tenant_id,
        event=event,
        client_id=account.client_id,
        business_id=account.business_id,
        account_id=account.pk,
        data=data,
    )


def vendor_user_id(link: AccountLink) -> str:
    """The vendor's id of the user whose account the link names."""
    return str(link.connection.vendor_user.vendor_user_id)
