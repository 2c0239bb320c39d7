"""Link the accounts that the vendor lists under a connection to aggregation accounts.

account_identity.py says which account is which. The owner's row is locked while links change, so
two connections of one owner cannot both continue the same account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from integrations.flows import (
    account_identity,
    account_links,
    bank_link_state,
    connections,
    missing_accounts,
    missing_connections,
    outbound_webhooks,
    possible_duplicates,
    record_mapping,
    rejected_items,
    retrieval,
)
from integrations.models import (
    AccountLink,
    AggregationSettings,
    DeletedAccount,
    Member,
    VendorUser,
)
from integrations.vendors import records
from integrations.vendors.base import Vendor
from nucleus import writes
from nucleus.models import AggregationAccount
from nucleus.writes.changes import save_changes

EndReason = AccountLink.EndReason


@dataclass(frozen=True, slots=True)
class AccountOutcome:
    """One account at the vendor. `message` says why it was not stored (`account` is None)."""

    account: AggregationAccount | None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """What may be linked.

    Args:
        adds_new: accounts that have never been linked.
        announces_new: report accounts that are linked for the first time, since nobody has asked
            for them.
        relinks_disconnected: those that the tenant has disconnected or deleted: it asks for all.
        retrieves: enqueue the retrieval of accounts that get a link.
    """

    adds_new: bool = True
    announces_new: bool = False
    relinks_disconnected: bool = True
    retrieves: bool = True


def link_accounts(
    *,
    vendor: Vendor,
    vendor_user: VendorUser,
    vendor_member: records.Member,
    config: AggregationSettings,
    adopted: bool = False,
) -> list[AccountOutcome]:
    """Store the connection, and link all its accounts.

    The retrieval of accounts that get a link is enqueued if the settings say so.

    Args:
        adopted: the tenant has not asked for it, so what it has disconnected stays so.

    Raises VendorError, before anything is stored, and ConnectionGone.
    """
    listed = vendor.list_accounts(user_id=vendor_member.user_id, member_id=vendor_member.id)
    member = connections.store(
        vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member, adopted=adopted
    )
    policy = LinkPolicy(relinks_disconnected=not adopted, retrieves=config.retrieve_automatically)
    outcomes = update_links(vendor=vendor, member=member, listed=listed, policy=policy)
    return [AccountOutcome(None, item.reason) for item in listed.rejected] + outcomes


def update_links(
    *, vendor: Vendor, member: Member, listed: records.Batch[records.Account], policy: LinkPolicy
) -> list[AccountOutcome]:
    """Make the links of a connection those of its listed accounts.

    Links of accounts that the listing lacks end, once the vendor has confirmed that it does not
    have the account. Accounts that are listed again, or are known from an earlier connection, go on
    under their id.

    Returns an outcome for each listed account that is linked. Raises ConnectionGone.
    """
    missing_accounts.end_missing_links(vendor, member, listed)
    missing_accounts.check_rivals(vendor, member, listed)
    with transaction.atomic():
        VendorUser.unscoped.select_for_update().filter(pk=member.vendor_user_id).first()
        member = connections.lock(member)
        outcomes = _Linker(member, policy).link(listed.records)
        is_asked_for = policy.relinks_disconnected or member.awaits_accounts
        links = account_links.of_connection(member)
        save_changes(member, {"awaits_accounts": is_asked_for and not (outcomes or links)})
        rejected_items.replace_accounts(links, listed.rejected)
        return outcomes


class _Linker:
    """One update of the links of a connection, under the lock of its owner."""

    def __init__(self, member: Member, policy: LinkPolicy) -> None:
        self.member = member
        self.policy = policy
        self.vendor_user = member.vendor_user
        self.accounts = missing_accounts.known_accounts(self.vendor_user)
        deleted = DeletedAccount.objects.for_tenant(member.tenant).filter(
            vendor_user=self.vendor_user
        )
        self.changed: list[AggregationAccount] = []  # or created
        self.new_ids: set[UUID] = set()
        self.deleted_ids = set(deleted.values_list("vendor_account_id", flat=True))

    def link(self, listed: Iterable[records.Account]) -> list[AccountOutcome]:
        listed = list(listed)
        unknown = {
            record.id: account_identity.traits_of_record(record, self.member)
            for record in listed
            if record.id not in self.accounts.by_vendor_id
        }
        counterparts = account_identity.find_counterparts(unknown, self.accounts)
        outcomes = []
        for record in listed:
            account = self._account(record, counterparts)
            if account is not None:
                outcomes.append(AccountOutcome(account))
        listed_ids = {outcome.account.pk for outcome in outcomes if outcome.account}
        for account in self.changed:
            self._report_duplicates(account, listed_ids)
        missing_connections.settle_replaced(self.vendor_user)
        return outcomes

    def _report_duplicates(self, account: AggregationAccount, listed_ids: set[UUID]) -> None:
        """Report accounts that look like a new or changed one.

        Args:
            listed_ids: of the accounts that this connection lists, so they are different ones.
        """
        for link in self.accounts.resembling(account_identity.traits_of_account(account)):
            other = link.aggregation_account.merged_into or link.aggregation_account
            if other.pk not in listed_ids and (other.is_active or account.pk in self.new_ids):
                possible_duplicates.report(account, other)

    def _account(
        self, record: records.Account, counterparts: Mapping[str, AccountLink]
    ) -> AggregationAccount | None:
        """The account of this record, linked and up to date; None if it must not be linked."""
        link = self.accounts.by_vendor_id.get(record.id)
        if link is None:
            link = counterparts.get(record.id)
        if link is None:
            return self._create(record) if self._may_create(record) else None
        if kept := link.aggregation_account.merged_into:
            return self._link_merged(link, kept, record)
        return self._link_known(self.accounts.latest[link.aggregation_account_id], record)

    def _link_known(self, link: AccountLink, record: records.Account) -> AggregationAccount | None:
        """Make this record the source of a known account, unless it has another one.

        Args:
            link: the latest of the account.
        """
        is_same_source = link.vendor_account_id == record.id
        if link.ended_at is None and link.member_id == self.member.pk and is_same_source:
            account = self._update(link.aggregation_account, record)
            account_links.remember_listing(link, record)
            return account
        if link.ended_at is None and not is_same_source:
            return link.aggregation_account  # another connection provides it now
        is_disconnected = link.end_reason == EndReason.DISCONNECTED
        if is_disconnected and not self.policy.relinks_disconnected:
            return None
        return self._continue(link, record)

    def _may_create(self, record: records.Account) -> bool:
        is_deleted = record.id in self.deleted_ids and not self.policy.relinks_disconnected
        return self.policy.adds_new and not is_deleted

    def _link_merged(
        self, link: AccountLink, kept: AggregationAccount, record: records.Account
    ) -> AggregationAccount | None:
        """Make this record the source of `kept`, unless that has another one.

        Args:
            link: of an account that was merged into `kept`.
        """
        last = self.accounts.latest.get(kept.pk)
        is_linked = last is None or last.ended_at is None
        if is_linked and link.vendor_account_id != record.id:  # so that its id is known from now on
            self._store_link(
                link.aggregation_account,
                record,
                generation=link.generation,
                ended_at=timezone.now(),
                end_reason=EndReason.MERGED.value,
            )
        return self._link_known(last, record) if last else kept

    def _continue(self, last: AccountLink, record: records.Account) -> AggregationAccount:
        """Link an account again, whose latest link was `last`."""
        account_links.end([last], EndReason.REPLACED)  # if it has not ended: the account moved
        account = self._update(last.aggregation_account, record, is_linked=False)
        self._create_link(
            account,
            record,
            generation=last.generation + (last.vendor_account_id != record.id),
            transactions_retrieved_at=last.transactions_retrieved_at,
            history_retrieved_at=last.history_retrieved_at,
        )
        account_links.emit_account_event(account, "relinked")
        return account

    def _create(self, record: records.Account) -> AggregationAccount:
        tenant = self.member.tenant
        columns = self._columns(record)
        columns.setdefault("currency_code", tenant.currency_code)
        bank_link = bank_link_state.verified_bank_link(self.member, record.id)
        columns |= {"bank_link": bank_link, "is_link_verified": bank_link is not None}
        account = writes.create_aggregation_account(
            tenant=tenant, owner=self.vendor_user.owner, **columns
        )
        self._create_link(account, record)
        account_links.emit_account_event(account, "linked")
        if self.policy.announces_new:
            self._announce(account)
        self.changed.append(account)
        self.new_ids.add(account.pk)
        return account

    def _announce(self, account: AggregationAccount) -> None:
        outbound_webhooks.emit(
            tenant_id=account.tenant_id,
            event=outbound_webhooks.ACCOUNT_ADDED,
            client_id=account.client_id,
            business_id=account.business_id,
            account_id=account.pk,
            data={"account_name": account.account_name, "connection_id": str(self.member.pk)},
        )

    def _update(
        self, account: AggregationAccount, record: records.Account, *, is_linked: bool = True
    ) -> AggregationAccount:
        traits = account_identity.traits_of_account(account)
        update = account_links.update_account if is_linked else writes.update_aggregation_account
        account = update(account=account, **self._columns(record, account))
        if account_identity.traits_of_account(account) != traits:
            self.changed.append(account)
        return account

    def _columns(
        self, record: records.Account, account: AggregationAccount | None = None
    ) -> dict[str, object]:
        institution = self.member.institution
        name = institution.name if institution else self.member.name
        return record_mapping.account_columns(record, account) | {
            "institution": institution,
            "institution_name": name or "Unknown institution",
        }

    def _create_link(
        self, account: AggregationAccount, record: records.Account, **columns: object
    ) -> None:
        self.accounts.latest[account.pk] = self._store_link(account, record, **columns)
        if self.policy.retrieves:
            retrieval.enqueue(member=self.member, account=account)

    def _store_link(
        self, account: AggregationAccount, record: records.Account, **columns: object
    ) -> AccountLink:
        return AccountLink.unscoped.create(
            tenant=self.member.tenant,
            member=self.member,
            vendor=self.vendor_user.vendor,
            vendor_member_id=self.member.vendor_member_id,
            vendor_account_id=record.id,
            aggregation_account=account,
            can_verify=record.can_verify,
            listed_as=account_identity.listed_as(record),
            **columns,
        )
