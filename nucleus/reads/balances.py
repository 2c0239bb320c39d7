"""The current balance of an account."""

from __future__ import annotations

from nucleus.models import AggregationAccount, AggregationAccountBalance


def current_balance(account: AggregationAccount) -> AggregationAccountBalance | None:
    """The newest active balance that is stored; None if there is none."""
    rows = AggregationAccountBalance.objects.for_tenant(account.tenant_id)
    active = rows.filter(aggregation_account=account, is_active=True)
    return active.order_by("-balance_time_stamp", "-create_date").first()
