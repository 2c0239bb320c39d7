"""Aggregation accounts: linking what a member brings, reading it again, letting it go."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from integrations import audit_context, vendor_sessions
from integrations.flows import connections, credentials, outbound_webhooks, users
from integrations.jobs import job_queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import AccountLink, Member, VendorUser, VerifiedLink
from integrations.vendors import records
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound
from nucleus import categories, writes
from nucleus.models import AggregationAccount, BankLink, Owner, Tenant

LINK_JOB = "link_member"
RETRIEVE_JOB = "retrieve_account"
LINK_JOB_PATIENCE = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class AccountOutcome:
    """One account of the vendor: stored, or why not."""

    account: AggregationAccount | None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class LinkOutcome:
    """What linking did; `message` says what is still missing and who has to act."""

    vendor: str
    accounts: list[AccountOutcome]
    message: str | None = None


def link(
    *,
    tenant: Tenant,
    owner: Owner,
    vendor_name: str | None = None,
    member_id: str | None = None,
    vendor_config_id: str | None = None,
) -> LinkOutcome:
    """Create one aggregation account, once, for each account of the owner's member(s).

    Args:
        member_id: the vendor's id from the widget's success; without it every member of the user.
            It comes from a browser, so it is read under the owner's own vendor user.
        vendor_config_id: must be the tenant's active configuration, if given.

    Where the vendor is still importing after a short wait, a job finishes the work.
    """
    slug = vendor_sessions.aggregation_vendor(tenant, vendor_name)
    if vendor_config_id:
        credentials.check_choice(tenant=tenant, vendor=slug, config_id=vendor_config_id)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    with vendor_sessions.open_for_tenant(
        tenant=tenant, vendor=slug, client_id=vendor_user.client_id
    ) as vendor:
        seen, rejected = _seen_members(vendor, vendor_user, member_id)
        outcomes, messages = rejected, []
        for one in seen:
            try:
                settled = connections.wait_until_settled(vendor=vendor, vendor_member=one)
                found, message = _link_member(vendor, vendor_user, settled)
            except VendorError as error:
                if member_id:
                    raise
                found, message = [], f"{one.name or one.id}: {error}"  # its neighbours go on
            outcomes += found
            messages += [message] if message else []
    if not seen and not outcomes:
        messages.append(
            f"This {users.word(owner)} has not linked an institution yet. "
            "Open the widget link first."
        )
    return LinkOutcome(vendor=slug, accounts=outcomes, message=" ".join(messages) or None)


def store_again(*, account_link: AccountLink, seen: records.Account) -> AggregationAccount:
    """Store what changed about the account."""
    account = account_link.aggregation_account
    return writes.update_aggregation_account(account=account, **_columns(seen))


def release(*, tenant: Tenant, account: AggregationAccount, delete_type: str, erase: bool) -> None:
    """Let go of an account; doing it twice is no error.

    Args:
        delete_type: "delink" drops the mapping; "delete" also deletes the vendor's member once no
            other account or bank link uses it.
        erase: also delete the account and its data from Nucleus.
    """
    account_link = (
        AccountLink.objects.for_tenant(tenant)
        .filter(aggregation_account=account)
        .select_related("member__vendor_user")
        .first()
    )
    if account_link is not None:
        if delete_type == "delete":
            with audit_context.audit_subject(account_id=account.pk):
                delete_member_if_unused(
                    tenant=tenant, member=account_link.member, other_than=account_link
                )
        AccountLink.objects.for_tenant(tenant).filter(pk=account_link.pk).delete()
    if erase:
        account.delete()


def delete_member_if_unused(
    *, tenant: Tenant, member: Member, other_than: AccountLink | VerifiedLink
) -> None:
    """Delete the member at the vendor and here, unless links other than `other_than` use it."""
    uses: list[AccountLink | VerifiedLink] = [
        *AccountLink.objects.for_tenant(tenant).filter(member=member),
        *VerifiedLink.objects.for_tenant(tenant).filter(member=member),
    ]
    if any(use.pk != other_than.pk for use in uses):
        return
    user = member.vendor_user
    with (
        vendor_sessions.open_for_tenant(
            tenant=tenant, vendor=user.vendor, client_id=user.client_id
        ) as vendor,
        suppress(VendorNotFound),  # already gone is what was asked for
    ):
        vendor.delete_member(user_id=str(user.vendor_user_id), member_id=member.vendor_member_id)
    member.delete()


def run_job(run: JobRun) -> None:
    """Finish a link that the vendor was too slow for; looks again until the import is over."""
    vendor_user = users.of_job(run)
    if vendor_user is None:
        return
    with vendor_sessions.open_for_tenant(
        tenant=run.tenant,
        vendor=vendor_user.vendor,
        interactive=False,
        client_id=vendor_user.client_id,
    ) as vendor:
        seen = vendor.read_member(
            user_id=str(vendor_user.vendor_user_id), member_id=connections.vendor_member_id_of(run)
        )
        _store_accounts(vendor, vendor_user, seen)
    if seen.is_aggregating and timezone.now() < run.job.create_date + LINK_JOB_PATIENCE:
        raise Reschedule(connections.poll_seconds())


def _seen_members(
    vendor: Vendor, vendor_user: VendorUser, member_id: str | None
) -> tuple[list[records.Member], list[AccountOutcome]]:
    user_id = str(vendor_user.vendor_user_id)
    if member_id:
        return [
            connections.read_member_of_user(vendor=vendor, user_id=user_id, member_id=member_id)
        ], []
    listed = vendor.list_members(user_id=user_id)
    return list(listed.records), [AccountOutcome(None, item.reason) for item in listed.rejected]


def _link_member(
    vendor: Vendor, vendor_user: VendorUser, seen: records.Member
) -> tuple[list[AccountOutcome], str | None]:
    outcomes = _store_accounts(vendor, vendor_user, seen)
    name = seen.name or "The institution"
    if seen.is_aggregating:
        job_queue.enqueue(
            tenant=vendor_user.tenant,
            kind=LINK_JOB,
            payload={"vendor_user_id": str(vendor_user.id), "vendor_member_id": seen.id},
            lock_key=connections.lock_key(vendor_user.tenant, seen.id),
            pending_key=f"{vendor_user.tenant_id}:{LINK_JOB}:{seen.id}",
        )
        return outcomes, (
            f"{name} is still being imported; the rest follows by itself, or call again."
        )
    if not seen.connection.is_connected:
        return outcomes, f"{name}: {seen.connection.message or seen.connection.meaning}"
    if not outcomes:
        return outcomes, f"{name} has no accounts for this {users.word(vendor_user.owner)}."
    return outcomes, None


def _store_accounts(
    vendor: Vendor, vendor_user: VendorUser, seen: records.Member
) -> list[AccountOutcome]:
    member = connections.store(vendor=vendor, vendor_user=vendor_user, vendor_member=seen)
    listed = vendor.list_accounts(user_id=seen.user_id, member_id=seen.id)
    chosen = vendor_sessions.aggregation_settings(vendor_user.tenant)
    outcomes = [AccountOutcome(None, item.reason) for item in listed.rejected]
    with transaction.atomic():
        connections.lock_row(member)
        linked = {
            link.vendor_account_id: link
            for link in member.account_links.select_related("aggregation_account")
        }
        for record in listed.records:
            account = _store_account(vendor_user, member, record, linked.get(record.id))
            if record.id not in linked and chosen.retrieve_automatically:
                enqueue_retrieval(member=member, account=account)
            outcomes.append(AccountOutcome(account))
    return outcomes


def enqueue_retrieval(*, member: Member, account: AggregationAccount) -> None:
    """Ask for the account's balance, transactions and holdings, in the caller's transaction."""
    job_queue.enqueue(
        tenant=member.tenant,
        kind=RETRIEVE_JOB,
        payload={"aggregation_account_id": str(account.id)},
        lock_key=connections.lock_key(member.tenant, member.vendor_member_id),
        pending_key=f"{member.tenant_id}:{RETRIEVE_JOB}:{account.id}",
    )


def _store_account(
    vendor_user: VendorUser,
    member: Member,
    record: records.Account,
    known: AccountLink | None,
) -> AggregationAccount:
    tenant = vendor_user.tenant
    account = known.aggregation_account if known else None
    columns = _columns(record)
    institution = member.institution
    name = institution.name if institution else member.name
    columns |= {"institution": institution, "institution_name": name or "Unknown institution"}
    if account is not None:
        return writes.update_aggregation_account(account=account, **columns)
    columns["currency_code"] = record.currency_code or tenant.currency_code
    verified = _verified(member, record.id)
    columns |= {"bank_link": verified, "is_link_verified": verified is not None}
    account = writes.create_aggregation_account(tenant=tenant, owner=vendor_user.owner, **columns)
    AccountLink.unscoped.create(
        tenant=tenant,
        member=member,
        vendor_account_id=record.id,
        aggregation_account=account,
        can_verify=record.can_verify,
    )
    outbound_webhooks.emit(
        tenant_id=tenant.pk,
        event=outbound_webhooks.ACCOUNT,
        client_id=account.client_id,
        business_id=account.business_id,
        account_id=account.pk,
        data={"action": "linked", "account_name": account.account_name},
    )
    return account


def _verified(member: Member, vendor_account_id: str) -> BankLink | None:
    """The bank link of an account that was verified before it was linked."""
    found = (
        VerifiedLink.objects.for_tenant(member.tenant)
        .filter(member=member, vendor_account_id=vendor_account_id)
        .filter(bank_link__is_active=True, bank_link__is_link_verified=True)
        .select_related("bank_link")
        .first()
    )
    return found.bank_link if found else None


SAME_NAME = (
    {field.name for field in fields(records.Account)}
    & {field.name for field in AggregationAccount._meta.get_fields()}
) - {"id"}


def _columns(record: records.Account) -> dict[str, object]:
    """The record as Nucleus columns."""
    columns = {name: getattr(record, name) for name in SAME_NAME}
    if record.currency_code is None:
        del columns["currency_code"]
    columns["account_name"] = record.name
    columns["is_active"] = not record.is_closed
    columns["metadata"] = dict(record.metadata)
    columns["account_category_id"] = categories.account_category_id(
        category=record.category, subcategory=record.subcategory
    )
    return columns
