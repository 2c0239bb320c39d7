"""Positions that a vendor bills per user, from the first read until they are deactivated.

MX Platform does. The schedule asks from time to time whether the positions of such users are still
wanted, so it does not matter which setting, disconnection or deletion has ended that.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import vendor_sessions
from integrations.flows import account_links, user_sessions, users
from integrations.jobs.job_kind import JobKind, Queue
from integrations.jobs.job_queue import JobRun
from integrations.models import VendorCredential, VendorUser
from integrations.vendors import capabilities
from integrations.vendors.base import Vendor
from integrations.vendors.errors import (
    VendorError,
    VendorNotConfigured,
    VendorNotFound,
    VendorUserError,
)

logger = logging.getLogger(__name__)
CHECK_INTERVAL = timedelta(hours=1)
RETRY_INTERVAL = timedelta(days=1)  # after a job was enqueued; it has retries of its own


def note_read(vendor: Vendor, vendor_user: VendorUser) -> None:
    """Remember, before the read, that the vendor bills the user's positions from now on."""
    if capabilities.supports(vendor, capabilities.BILLED_HOLDINGS):
        check_at = timezone.now() + CHECK_INTERVAL
        VendorUser.unscoped.filter(pk=vendor_user.pk).update(holdings_check_at=check_at)


def deactivate(vendor: Vendor, user_id: str) -> None:
    """End the billing of the user's positions as far as the vendor lets us: a failure is logged.

    Args:
        user_id: the vendor's id.
    """
    if not capabilities.supports(vendor, capabilities.BILLED_HOLDINGS):
        return
    source = capabilities.require(vendor, capabilities.BILLED_HOLDINGS)
    try:
        source.deactivate_holdings(user_id=user_id)
    except VendorError as error:
        logger.warning("the vendor goes on billing the holdings of %s: %s", user_id, error)


def enqueue_due(limit: int = 100) -> int:
    """Enqueue jobs for users whose positions are billed and not wanted; returns how many.

    Several processes may call it at the same time: each user is looked at once.
    """
    now = timezone.now()
    rows = VendorUser.unscoped.filter(
        holdings_check_at__lte=now,
        disabled_at=None,
        vendor_user_id__isnull=False,
        tenant__is_active=True,
    )
    count = 0
    for vendor_user in rows.select_related("tenant").order_by("holdings_check_at")[:limit]:
        is_wanted = _are_wanted(vendor_user)
        claimed = VendorUser.unscoped.filter(
            pk=vendor_user.pk, holdings_check_at=vendor_user.holdings_check_at
        )
        interval = CHECK_INTERVAL if is_wanted else RETRY_INTERVAL
        with transaction.atomic():
            if claimed.update(holdings_check_at=now + interval) and not is_wanted:
                payload = users.UserPayload(vendor_user_id=str(vendor_user.pk))
                DEACTIVATE_HOLDINGS.enqueue(tenant=vendor_user.tenant, payload=payload)
                count += 1
    return count


def _are_wanted(vendor_user: VendorUser) -> bool:
    """Whether an import of one of the user's accounts may read positions."""
    credential = _billing_credential(vendor_user)
    if credential is None or not credential.is_active:
        return False
    if not vendor_sessions.aggregation_settings(vendor_user.tenant).retrieve_holdings:
        return False
    links = account_links.current(vendor_user.tenant).filter(member__vendor_user=vendor_user)
    has_positions = Q(
        aggregation_account__aggregationaccountholding_set__is_active=True,
        aggregation_account__aggregationaccountholding_set__source_id__isnull=False,
    )
    return links.filter(Q(aggregation_account__is_investment=True) | has_positions).exists()


def _billing_credential(vendor_user: VendorUser) -> VendorCredential | None:
    """The tenant's credential of an API that bills positions; inactive after a move to another."""
    rows = VendorCredential.objects.for_tenant(vendor_user.tenant).filter(vendor=vendor_user.vendor)
    return next(filter(_bills, rows.order_by("-is_active", "-update_date")), None)


def _bills(credential: VendorCredential) -> bool:
    try:
        api = vendor_sessions.api_of(credential)
    except VendorNotConfigured:
        return False
    return capabilities.BILLED_HOLDINGS in api.capabilities


def run_job(run: JobRun, payload: users.UserPayload) -> None:
    """Make the vendor end the billing of the user's positions."""
    vendor_user = users.by_id(run.tenant, payload.vendor_user_id)
    if vendor_user is None or vendor_user.vendor_user_id is None or _are_wanted(vendor_user):
        return
    credential = _billing_credential(vendor_user)
    if credential is not None:
        with suppress(VendorUserError, VendorNotFound), _opened(credential, vendor_user) as vendor:
            if capabilities.supports(vendor, capabilities.BILLED_HOLDINGS):
                source = capabilities.require(vendor, capabilities.BILLED_HOLDINGS)
                source.deactivate_holdings(user_id=vendor_user.vendor_user_id)
    with run.completion():
        # A read since then has begun it anew.
        rows = VendorUser.unscoped.filter(
            pk=vendor_user.pk, holdings_check_at=vendor_user.holdings_check_at
        )
        rows.update(holdings_check_at=None)


def _opened(
    credential: VendorCredential, vendor_user: VendorUser
) -> AbstractContextManager[Vendor]:
    if credential.is_active:
        return user_sessions.open_for_user(vendor_user, interactive=False)
    return vendor_sessions.open_with_credential(credential=credential, interactive=False)


DEACTIVATE_HOLDINGS = JobKind(
    name="deactivate_holdings",
    label="End the billing of holdings",
    queue=Queue.BULK,
    payload_type=users.UserPayload,
    handler=run_job,
    key=lambda payload: payload.vendor_user_id,
)
