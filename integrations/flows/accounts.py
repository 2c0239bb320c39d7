"""Aggregation accounts: connect the accounts of a connection, and disconnect them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from integrations import audit_context, vendor_sessions
from integrations.flows import (
    account_linking,
    account_links,
    connections,
    credentials,
    missing_connections,
    user_sessions,
    users,
)
from integrations.flows.account_linking import AccountOutcome
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun, Reschedule
from integrations.models import AccountLink, AggregationSettings, VendorUser
from integrations.vendors import records, registry
from integrations.vendors.base import Vendor
from integrations.vendors.errors import VendorError, VendorNotFound, VendorUserError
from nucleus import writes
from nucleus.models import AggregationAccount, Owner, Tenant

LINK_JOB_TIMEOUT = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class ConnectOutcome:
    """The connected accounts; `message` says what is still missing and who has to act."""

    vendor: str
    accounts: list[AccountOutcome]
    message: str | None = None


def connect(
    *,
    tenant: Tenant,
    owner: Owner,
    member_id: str | None = None,
    vendor_config_id: str | None = None,
) -> ConnectOutcome:
    """Create an aggregation account for each account of the owner's members that has none yet.

    The vendor is that of the tenant's aggregation settings. If it is still importing after
    settings.MEMBER_WAIT_SECONDS, a job finishes the work.

    Args:
        member_id: the vendor's id, as the widget's success callback reports it; None connects all
            members of the owner. A browser sends it, so it is read under the owner's vendor user.
        vendor_config_id: must be the id of the tenant's active credential, unless None.

    Raises FlowError, UnknownVendor, VendorNotConfigured, and for a single member any VendorError.
    With several members, the error of one is part of `message`.
    """
    config = vendor_sessions.aggregation_settings(tenant)
    slug = registry.get(config.vendor).slug
    if vendor_config_id:
        credentials.check_config_id(tenant=tenant, vendor=slug, config_id=vendor_config_id)
    vendor_user = users.require(tenant=tenant, owner=owner, vendor=slug)
    with user_sessions.open_for_user(vendor_user) as vendor:
        vendor_members, outcomes = _read_members(vendor, vendor_user, member_id)
        messages: list[str] = []
        for vendor_member in vendor_members:
            try:
                settled = connections.wait_until_settled(vendor=vendor, vendor_member=vendor_member)
                stored, message = _connect_member(vendor, vendor_user, settled, config)
            except VendorError as error:
                if member_id or isinstance(error, VendorUserError):
                    raise
                stored, message = [], f"{vendor_member.name or vendor_member.id}: {error}"
            outcomes += stored
            messages += [message] if message else []
    if not vendor_members and not outcomes:
        messages.append(
            f"This {users.owner_label(owner)} has not linked an institution yet. "
            "Open the widget link first."
        )
    return ConnectOutcome(vendor=slug, accounts=outcomes, message=" ".join(messages) or None)


def disconnect(
    *, tenant: Tenant, account: AggregationAccount, delete_type: str, erase: bool
) -> None:
    """Disconnect an account from the vendor; repeating it is no error.

    Args:
        delete_type: "delink" ends the account link; "delete" also deletes the vendor's member
            unless another account or bank link uses it.
        erase: also delete the account and its data from Nucleus.
    """
    account_link = (
        account_links.current(tenant)
        .filter(aggregation_account=account)
        .select_related("member__vendor_user", "aggregation_account__tenant")
        .first()
    )
    if account_link is not None:
        if delete_type == "delete":
            with audit_context.audit_subject(account_id=account.pk):
                connections.delete_if_unused(
                    tenant=tenant, member=account_link.connection, except_for=account_link
                )
        account_links.end([account_link], AccountLink.EndReason.DISCONNECTED)
    if erase:
        writes.delete_aggregation_account(account)


def run_job(run: JobRun, payload: connections.VendorMemberPayload) -> None:
    """Connect the accounts of a member that was being imported; polls until the import ends."""
    vendor_user = users.by_id(run.tenant, payload.vendor_user_id)
    if vendor_user is None or vendor_user.vendor_user_id is None:
        return
    config = vendor_sessions.aggregation_settings(run.tenant)
    with user_sessions.open_for_user(vendor_user, interactive=False) as vendor:
        vendor_member = missing_connections.read_or_mark_missing(
            vendor=vendor, vendor_user=vendor_user, vendor_member_id=payload.vendor_member_id
        )
        if vendor_member is None:
            return
        interval = connections.poll_seconds(vendor)
        has_time = timezone.now() < run.job.create_date + LINK_JOB_TIMEOUT
        try:
            account_linking.link_accounts(
                vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member, config=config
            )
        except (VendorNotFound, writes.AccountGone) as error:
            if not has_time:
                raise
            raise Reschedule(interval) from error  # of what was deleted meanwhile
    if vendor_member.is_aggregating and has_time:
        raise Reschedule(interval)


LINK_MEMBER = JobKind(
    name="link_member",
    label="Connect the accounts of a connection",
    queue=Queue.INTERACTIVE,
    payload_type=connections.VendorMemberPayload,
    handler=run_job,
    key=lambda payload: payload.key,
)


def _read_members(
    vendor: Vendor, vendor_user: VendorUser, member_id: str | None
) -> tuple[list[records.Member], list[AccountOutcome]]:
    user_id = str(vendor_user.vendor_user_id)
    if member_id:
        return [
            connections.read_member_of_user(vendor=vendor, user_id=user_id, member_id=member_id)
        ], []
    listed = vendor.list_members(user_id=user_id)
    return list(listed.records), [AccountOutcome(None, item.reason) for item in listed.rejected]


def _connect_member(
    vendor: Vendor,
    vendor_user: VendorUser,
    vendor_member: records.Member,
    config: AggregationSettings,
) -> tuple[list[AccountOutcome], str | None]:
    """The outcomes of one connection, and a message that says what is still missing."""
    outcomes = account_linking.link_accounts(
        vendor=vendor, vendor_user=vendor_user, vendor_member=vendor_member, config=config
    )
    name = vendor_member.name or "The institution"
    if vendor_member.is_aggregating:
        LINK_MEMBER.enqueue(
            tenant=vendor_user.tenant,
            payload=connections.VendorMemberPayload(str(vendor_user.id), vendor_member.id),
            lock_key=connections.lock_key(vendor_user, vendor_member.id),
        )
        return outcomes, (
            f"{name} is still being imported. Its accounts are connected as soon as the import "
            "ends; call again to read them."
        )
    if not vendor_member.connection.is_connected:
        return (
            outcomes,
            f"{name}: {vendor_member.connection.message or vendor_member.connection.meaning}",
        )
    if not outcomes:
        return outcomes, f"{name} has no accounts for this {users.owner_label(vendor_user.owner)}."
    return outcomes, None
