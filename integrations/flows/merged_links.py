"""Account links, where an account is merged into another one or the merge is undone.

If only the merged account has a current link, the kept account gets it. If both have one, that of
the merged account ends; account_linking.py recognises its vendor account as the kept one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from integrations.flows import account_links, retrieval, sync
from integrations.flows.connection_state import MISSING
from integrations.models import AccountLink
from integrations.vendors.records import SyncScope
from nucleus.models import AggregationAccount

EndReason = AccountLink.EndReason
COPIED = (
    "tenant", "member", "vendor", "vendor_member_id", "vendor_account_id", "can_verify",
    "transactions_retrieved_at", "history_retrieved_at", "rejected_items",
)  # fmt: skip


class LinkChanges(TypedDict):
    """What a merge changed about links, as JSON.

    Attributes:
        moved: the kept account got the merged one's link.
        merged_link_id: the current link of the merged account that ended.
        kept_link_ids: the links of the kept account before the merge.
        kept_vendor_account_ids: their accounts at the vendor.
    """

    moved: bool
    merged_link_id: str | None
    kept_link_ids: list[str]
    kept_vendor_account_ids: list[str]


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """The links of two accounts before a merge, and the generations after it.

    Args:
        kept_links: all links of the kept account, oldest first; `own` is the current one.
        moving: the merged account's current link, if the kept one gets it.
        ending: the merged account's current link.
        earlier_generation, kept_generation: of the kept account's link, before and after.
        merged_generation: of the merged account's latest link.
    """

    kept: AggregationAccount
    kept_links: list[AccountLink]
    own: AccountLink | None
    moving: AccountLink | None
    ending: AccountLink | None
    earlier_generation: int
    kept_generation: int
    merged_generation: int


@dataclass(frozen=True, slots=True)
class ReturnedLink:
    """What became of the merged account's link when the merge was undone.

    Args:
        left_kept: the kept account had it, and has no link any more.
        is_lost: the merged account had a link, whose connection or account is gone.
        generations: as those of undone_merges.Separation.
    """

    left_kept: bool
    is_lost: bool
    generations: Mapping[int, int]


def plan(kept: AggregationAccount, merged: AggregationAccount) -> LinkPlan:
    """Which link goes on. The links of both accounts are locked."""
    kept_links, merged_links = _links(kept), _links(merged)
    earlier_generation = kept_generation = max([link.generation for link in kept_links], default=1)
    merged_generation = max([link.generation for link in merged_links], default=1)
    own, ending = _current(kept_links), _current(merged_links)
    is_moving = ending is not None and own is None
    if own is not None or is_moving:  # so that its next listing looks for rows that were moved
        kept_generation = max(kept_generation, merged_generation) + 1
    return LinkPlan(
        kept=kept,
        kept_links=kept_links,
        own=own,
        moving=ending if is_moving else None,
        ending=ending,
        earlier_generation=earlier_generation,
        kept_generation=kept_generation,
        merged_generation=merged_generation,
    )


def change_links(plan: LinkPlan) -> LinkChanges:
    """End the merged account's link, and give it to the kept one if that has none."""
    if plan.ending is not None:
        account_links.end([plan.ending], EndReason.MERGED)
    if plan.own is not None:
        AccountLink.unscoped.filter(pk=plan.own.pk).update(generation=plan.kept_generation)
    if plan.moving is not None:
        _move(plan.moving, plan.kept, generation=plan.kept_generation)
    return LinkChanges(
        moved=plan.moving is not None,
        merged_link_id=str(plan.ending.pk) if plan.ending else None,
        kept_link_ids=[str(link.pk) for link in plan.kept_links],
        kept_vendor_account_ids=sorted({link.vendor_account_id for link in plan.kept_links}),
    )


def return_link(
    changes: LinkChanges, *, kept: AggregationAccount, merged: AggregationAccount
) -> ReturnedLink:
    """Link the merged account to its vendor account again, as far as that exists."""
    merged_links = _links(merged)
    merged_ids = {link.vendor_account_id for link in merged_links}
    kept_ids = set(changes["kept_vendor_account_ids"])

    def is_of_merged(link: AccountLink) -> bool:
        """Whether a link of the kept account continues the source of the merged one."""
        if str(link.pk) in changes["kept_link_ids"] or link.vendor_account_id in kept_ids:
            return False
        return changes["moved"] or link.vendor_account_id in merged_ids

    brought = [link for link in _links(kept) if is_of_merged(link)]
    generation = max([link.generation for link in merged_links], default=1)
    generations = {link.generation: generation for link in brought}
    current = _current(brought)
    if current is not None:
        before = [link for link in merged_links if str(link.pk) == changes["merged_link_id"]]
        if not before or before[0].vendor_account_id != current.vendor_account_id:
            generation += 1
        account_links.end([current], EndReason.REPLACED)
        _move(current, merged, generation=generation)
        generations[current.generation] = generation
        return ReturnedLink(left_kept=True, is_lost=False, generations=generations)
    is_lost = changes["merged_link_id"] is not None and not _link_again(merged_links[-1], brought)
    return ReturnedLink(left_kept=False, is_lost=is_lost, generations=generations)


def _links(account: AggregationAccount) -> list[AccountLink]:
    rows = AccountLink.objects.for_tenant(account.tenant_id).filter(aggregation_account=account)
    rows = rows.select_related("tenant", "member__tenant", "member__vendor_user")
    return list(rows.order_by("create_date", "id"))


def _current(links: list[AccountLink]) -> AccountLink | None:
    return next((link for link in links if link.ended_at is None), None)


def _move(link: AccountLink, account: AggregationAccount, *, generation: int) -> None:
    """Link the account to the vendor account of a link that has ended.

    A job that is reading the latter stops, so another one reads what it has left.
    """
    _create(account, link, generation=generation)
    retrieval.enqueue(member=link.connection, account=account)


def _create(account: AggregationAccount, source: AccountLink, *, generation: int) -> None:
    """A link of the account to the vendor account of another link."""
    columns: dict[str, Any] = {name: getattr(source, name) for name in COPIED}
    AccountLink.unscoped.create(aggregation_account=account, generation=generation, **columns)


def _link_again(last: AccountLink, brought: list[AccountLink]) -> bool:
    """Link a merged account again by its last link; False if the vendor no longer has it.

    Args:
        last: the latest link of the merged account.
        brought: later links of the kept account to the same source; all have ended.
    """
    member = last.member
    if brought:
        reason = brought[-1].end_reason
    elif member is None:
        reason = EndReason.CONNECTION_DELETED.value
    elif member.connection_status == MISSING:
        reason = EndReason.CONNECTION_MISSING.value
    else:
        _create(last.aggregation_account, last, generation=last.generation)
        sync.enqueue(member=member, scope=SyncScope.EVERYTHING)
        return True
    AccountLink.unscoped.filter(pk=last.pk).update(end_reason=reason)
    return False
