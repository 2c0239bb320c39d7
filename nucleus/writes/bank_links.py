"""Bank links: verified, unverified and deleted together with what accounts say about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from nucleus.models import AggregationAccount, BankLink
from nucleus.models.bank_links import UnverifiedReason
from nucleus.writes.changes import save_changes


def save_bank_link(bank_link: BankLink, columns: dict[str, Any]) -> None:
    """Insert a new bank link with `columns`, or write those of a stored one that differ."""
    save_changes(bank_link, columns)


def mark_account_verified(account: AggregationAccount, bank_link: BankLink) -> None:
    """State that the account is paid through the bank link, whose verification has succeeded."""
    save_changes(account, {"bank_link_id": bank_link.pk, "is_link_verified": True})


def mark_accounts_unverified(bank_link_ids: Iterable[UUID]) -> None:
    """State that accounts paid through these bank links are not verified any more."""
    AggregationAccount.unscoped.filter(
        bank_link__in=list(bank_link_ids), is_link_verified=True
    ).update(is_link_verified=False, update_date=timezone.now())


def unverify_bank_link(bank_link: BankLink, reason: UnverifiedReason) -> bool:
    """State that a bank link and the accounts paid through it are not verified any more.

    It becomes inactive, and its balances unknown. An earlier reason stays.

    Returns whether it was verified.
    """
    if bank_link.unverified_reason is not None:
        return False
    was_verified = bank_link.is_link_verified
    with transaction.atomic():
        save_changes(
            bank_link,
            {
                "is_active": False,
                "is_link_verified": False,
                "balance": None,
                "available_balance": None,
                "unverified_reason": reason.value,
            },
        )
        mark_accounts_unverified([bank_link.pk])
    return was_verified


def delete_bank_link(bank_link: BankLink) -> None:
    """Delete the bank link; its accounts are not verified any more."""
    with transaction.atomic():
        mark_accounts_unverified([bank_link.pk])
        bank_link.delete()
