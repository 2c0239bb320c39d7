"""What staff can do on a customer's page: each action's question, right, rows and work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from integrations.flows import (
    account_links,
    account_merges,
    connection_requests,
    customer_overview,
    possible_duplicates,
    retrieval,
    widget_links,
)
from integrations.jobs import requeue
from integrations.models import AccountMerge, Job, JobState, Member, PossibleDuplicate
from integrations.vendors.records import WidgetOptions
from nucleus import hooks
from nucleus.models import Business, Client

Customer = Client | Business


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action has done; `url` is a link that is shown once and never logged."""

    message: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CustomerAction:
    """An action on something of a customer.

    Args:
        permission: that the action needs, beside the one to see the customer.
        rows: what of the customer it can be done to.
        entry: of the customer's history; `{row}` is what it was done to.
        run: does it. Raises FlowError, VendorError and VendorNotConfigured.
    """

    title: str
    question: str
    button: str
    permission: str
    rows: Callable[[Customer], QuerySet[Any]]
    entry: str
    run: Callable[[Customer, Any, str], Outcome]

    def row(self, owner: Customer, pk: UUID) -> Any:
        """The row with this id, if it is the customer's; else None."""
        return self.rows(owner).filter(pk=pk).first()


def _members(owner: Customer) -> QuerySet[Member]:
    rows = customer_overview.connections_of(owner)
    return rows.select_related(
        "tenant", "institution", "vendor_user__client", "vendor_user__business",
        "vendor_user__tenant",
    )  # fmt: skip


def _dead_jobs(owner: Customer) -> QuerySet[Job]:
    keys = customer_overview.lock_keys(list(_members(owner)))
    return Job.objects.filter(tenant=owner.tenant_id, lock_key__in=list(keys), state=JobState.DEAD)


def _duplicates(owner: Customer) -> QuerySet[PossibleDuplicate]:
    path = f"aggregation_account__{owner._meta.model_name}"
    rows = PossibleDuplicate.unscoped.filter(tenant=owner.tenant_id, **{path: owner.pk})
    return rows.select_related("aggregation_account", "other_account")


def _merges(owner: Customer) -> QuerySet[AccountMerge]:
    path = f"kept_account__{owner._meta.model_name}"
    rows = AccountMerge.unscoped.filter(tenant=owner.tenant_id, **{path: owner.pk})
    return rows.select_related("kept_account", "merged_account")


def _itself(owner: Customer) -> QuerySet[Any]:
    return type(owner).unscoped.filter(pk=owner.pk, tenant=owner.tenant_id)


def _clients(owner: Customer) -> QuerySet[Client]:
    return Client.unscoped.filter(
        pk=owner.pk, tenant=owner.tenant_id, erase_requested_at=None
    ).select_related("tenant")


def _refresh(owner: Customer, row: Member, user: str) -> Outcome:
    connection_requests.refresh(row)
    return Outcome(f"{row} is refreshed: the vendor imports from the bank, then we read it.")


def _make_repair_link(owner: Customer, row: Member, user: str) -> Outcome:
    link = widget_links.create(
        tenant=row.tenant,
        owner=owner,
        options=WidgetOptions(member_id=row.vendor_member_id),
        vendor_name=row.vendor_user.vendor,
    )
    return Outcome(f"The link opens {row} in the widget.", link.url)


def _make_link(owner: Customer, row: Customer, user: str) -> Outcome:
    link = widget_links.create(tenant=owner.tenant, owner=owner, options=WidgetOptions())
    return Outcome("The link opens the widget, in which the customer chooses a bank.", link.url)


def _reread(owner: Customer, row: Member, user: str) -> Outcome:
    with transaction.atomic():
        count = retrieval.reread_history(account_links.of_connection(row))
    return Outcome(f"All transactions of {count} accounts of {row} are read again.")


def _disconnect(owner: Customer, row: Member, user: str) -> Outcome:
    connection_requests.delete(row)
    return Outcome(f"{row} is disconnected. The data of its accounts is kept.")


def _retry(owner: Customer, row: Job, user: str) -> Outcome:
    return Outcome(requeue.requeue_all([row]))


def _merge(owner: Customer, row: PossibleDuplicate, user: str) -> Outcome:
    kept, merged = row.other_account, row.aggregation_account
    account_merges.merge(kept=kept, merged=merged, requested_by=f"staff: {user}")
    return Outcome(f"{merged} was merged into the account that was linked earlier.")


def _dismiss(owner: Customer, row: PossibleDuplicate, user: str) -> Outcome:
    possible_duplicates.dismiss(row)
    return Outcome("The accounts are different ones; they are not reported again.")


def _separate(owner: Customer, row: AccountMerge, user: str) -> Outcome:
    account_merges.undo(row)
    return Outcome("The accounts are separate again.")


def _erase(owner: Customer, row: Client, user: str) -> Outcome:
    hooks.erase_client(row, requested_by=f"staff: {user}")
    return Outcome("The customer will be erased; see Erasures.")


CHANGE_CONNECTION = "integrations.change_member"
ACTIONS: Mapping[str, CustomerAction] = {
    "refresh": CustomerAction(
        "Refresh",
        "Have the vendor import from the bank now, and then read all accounts?",
        "Yes, refresh it", CHANGE_CONNECTION, _members, "Refreshed {row}.", _refresh,
    ),
    "repair-link": CustomerAction(
        "Repair link",
        "Make a link in which the customer can repair this connection? It works once, within ten "
        "minutes, and whoever opens it acts for the customer: send it to nobody else.",
        "Yes, make the link", CHANGE_CONNECTION, _members, "Made a repair link for {row}.",
        _make_repair_link,
    ),
    "link": CustomerAction(
        "Link to connect a bank",
        "Make a link in which the customer can connect a bank? It works once, within ten minutes, "
        "and whoever opens it acts for the customer: send it to nobody else.",
        "Yes, make the link", CHANGE_CONNECTION, _itself, "Made a link to connect a bank.",
        _make_link,
    ),
    "reread": CustomerAction(
        "Deep re-read",
        "Read all transactions that the vendor has of the accounts of this connection?",
        "Yes, read them", CHANGE_CONNECTION, _members, "All transactions of {row} are read again.",
        _reread,
    ),
    "disconnect": CustomerAction(
        "Disconnect",
        "Delete this connection at the vendor? Its accounts are not updated any more; their data "
        "is kept, and bank links verified by it are not verified any more.",
        "Yes, disconnect it", "integrations.delete_member", _members, "Disconnected {row}.",
        _disconnect,
    ),
    "retry": CustomerAction(
        "Retry the dead job",
        "Run this job again, with all its attempts?",
        "Yes, retry it", "integrations.change_job", _dead_jobs, "Retried the {row}.", _retry,
    ),
    "merge": CustomerAction(
        "Merge",
        "State that these are the same account? The one linked later is merged into the one linked "
        "earlier, which is kept. A merge can be undone.",
        "Yes, merge them", "integrations.change_possibleduplicate", _duplicates,
        "Merged the accounts {row}.", _merge,
    ),
    "dismiss": CustomerAction(
        "Keep both",
        "State that these are different accounts? They are not reported again.",
        "Yes, keep both", "integrations.change_possibleduplicate", _duplicates,
        "Stated that these are different accounts: {row}.", _dismiss,
    ),
    "separate": CustomerAction(
        "Separate",
        "Undo this merge? The merged account gets its transactions back.",
        "Yes, separate them", "integrations.change_accountmerge", _merges,
        "Separated the accounts {row}.", _separate,
    ),
    "erase": CustomerAction(
        "Erase",
        "Erase this customer? The user at the vendor, with all connections, and everything stored "
        "here will be deleted. This cannot be undone.",
        "Yes, erase them", "nucleus.delete_client", _clients, "Requested the erasure.", _erase,
    ),
}  # fmt: skip
