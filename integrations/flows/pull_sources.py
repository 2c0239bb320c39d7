"""What a pull needs, read in one statement: where the vendor has the account, and the credential.

The statement is compiled once for each number of accounts; see nucleus/compiled_queries.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.db.models import (
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    Min,
    OuterRef,
    Q,
    Subquery,
    UUIDField,
)

from integrations.flows import account_links, connection_state
from integrations.flows.connection_reason_queries import reason_expression
from integrations.flows.connection_state import AgeLimits
from integrations.models import (
    AccountLink,
    AggregationSettings,
    CredentialHealth,
    Member,
    VendorCredential,
    VendorUser,
)
from integrations.vendor_sessions import VendorAccess
from nucleus.compiled_queries import CompiledQuery, Parameter, all_columns, next_instance
from nucleus.models import AggregationAccount
from nucleus.reads.visibility import Viewer

VENDOR_USER, SETTINGS = "member__vendor_user", "tenant__aggregation_settings"
CREDENTIAL = "active_credential"  # a join of the statement
LIMITS = AgeLimits(
    Parameter("checked_before", DateTimeField()), Parameter("imported_before", DateTimeField())
)


@dataclass(frozen=True, slots=True)
class PullSource:
    """Where the vendor has an account.

    Attributes:
        link: the current one, with its connection, whose `state_reason` is annotated.
        access: the tenant's active credential for that vendor; None without one.
        settings: the tenant's, or the defaults where none are stored.
        other_retrievals: when the connection's other accounts were retrieved completely, as far as
            connection_state.last_retrieval needs them.
    """

    link: AccountLink
    access: VendorAccess | None
    settings: AggregationSettings
    other_retrievals: tuple[datetime | None, ...]

    @property
    def account(self) -> AggregationAccount:
        return self.link.aggregation_account

    @property
    def vendor_user(self) -> VendorUser:
        return self.link.connection.vendor_user

    @property
    def last_retrieval(self) -> datetime | None:
        """When all accounts of the connection were last retrieved completely."""
        retrievals = (self.link.transactions_retrieved_at, *self.other_retrievals)
        return connection_state.last_retrieval(self.link.connection, retrievals)


def read(viewer: Viewer, account_ids: Sequence[UUID]) -> dict[UUID, PullSource]:
    """The sources of those accounts that the viewer may see and that are connected, by account id.

    Accounts of clients that are being erased count as disconnected.
    """
    ids = list(dict.fromkeys(account_ids))
    limits = connection_state.age_limits()
    rows = _query(len(ids), has_client=viewer.client is not None).rows(
        tenant=viewer.tenant.pk,
        client=viewer.client and viewer.client.pk,
        checked_before=limits.checked_before,
        imported_before=limits.imported_before,
        **{f"account{number}": account_id for number, account_id in enumerate(ids)},
    )
    return {source.account.pk: source for source in (_source(viewer, row) for row in rows)}


@cache
def _query(count: int, *, has_client: bool) -> CompiledQuery:
    return CompiledQuery(lambda: _build(count, has_client=has_client))


def _build(count: int, *, has_client: bool) -> Any:
    ids: list[Any] = [Parameter(f"account{number}", UUIDField()) for number in range(count)]
    rows = account_links.current(Parameter("tenant", UUIDField())).filter(
        aggregation_account__id__in=ids, aggregation_account__client__erase_requested_at=None
    )
    if has_client:
        rows = rows.filter(aggregation_account__client=Parameter("client", UUIDField()))
    credentials = FilteredRelation(
        "tenant__vendor_credentials",
        condition=Q(tenant__vendor_credentials__is_active=True)
        & Q(tenant__vendor_credentials__vendor=F("vendor")),
    )
    others = AccountLink.unscoped.filter(member=OuterRef("member"), ended_at=None)
    others = others.exclude(pk=OuterRef("pk")).order_by()
    oldest = others.values("member").annotate(oldest=Min("transactions_retrieved_at"))
    return rows.annotate(
        active_credential=credentials,
        state_reason=reason_expression("member__", LIMITS, of_many=False),
        oldest_other=Subquery(oldest.values("oldest")),
        has_unread_other=Exists(others.filter(transactions_retrieved_at=None)),
    ).values_list(
        "state_reason",
        "oldest_other",
        "has_unread_other",
        *all_columns(AccountLink),
        *all_columns(AggregationAccount, "aggregation_account__"),
        *all_columns(Member, "member__"),
        *all_columns(VendorUser, f"{VENDOR_USER}__"),
        *all_columns(AggregationSettings, f"{SETTINGS}__"),
        *all_columns(VendorCredential, f"{CREDENTIAL}__"),
        *all_columns(CredentialHealth, f"{CREDENTIAL}__health__"),
    )


def _source(viewer: Viewer, row: tuple[Any, ...]) -> PullSource:
    values = iter(row)
    reason, oldest_other, has_unread_other = (next(values) for _ in range(3))
    link = cast("AccountLink", next_instance(AccountLink, values))
    account = cast("AggregationAccount", next_instance(AggregationAccount, values))
    member = cast("Member", next_instance(Member, values))
    vendor_user = cast("VendorUser", next_instance(VendorUser, values))
    settings = next_instance(AggregationSettings, values)
    credential = next_instance(VendorCredential, values)
    health = next_instance(CredentialHealth, values)
    for record in filter(None, (link, account, member, vendor_user, settings, credential)):
        record.tenant = viewer.tenant
    link.aggregation_account, link.member, member.vendor_user = account, member, vendor_user
    member.state_reason = reason  # type: ignore[attr-defined]  # as with_reason annotates it
    others = ([oldest_other] if oldest_other else []) + ([None] if has_unread_other else [])
    return PullSource(
        link=link,
        access=VendorAccess(credential, health) if credential else None,
        settings=settings or AggregationSettings(tenant=viewer.tenant),
        other_retrievals=tuple(others),
    )
