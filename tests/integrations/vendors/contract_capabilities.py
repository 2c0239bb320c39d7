"""What the gateway relies on from a vendor's capabilities; part of the contract of vendors."""

from __future__ import annotations

from datetime import datetime

import pytest

from integrations.vendors import capabilities, errors, records
from integrations.vendors.base import Vendor
from tests.integrations.vendors.contract_calls import pages, settled, supported


class CapabilitiesContract:
    """Tests of what a vendor declares; those of the rest are skipped."""

    def test_a_user_is_disabled_and_enabled(self, vendor: Vendor, user: records.User):
        if not capabilities.supports(vendor, capabilities.USER_DISABLING):
            pytest.skip("the vendor disables no users")
        switch = capabilities.require(vendor, capabilities.USER_DISABLING)
        for is_disabled in (True, True, False, False):
            changed = switch.set_user_disabled(user_id=user.id, is_disabled=is_disabled)
            assert (changed.id, changed.is_disabled) == (user.id, is_disabled)
            assert vendor.read_user(user_id=user.id).is_disabled is is_disabled
        with pytest.raises((errors.VendorNotFound, errors.VendorUserNotFound)):
            switch.set_user_disabled(user_id="USR-unknown", is_disabled=True)

    def test_holdings_belong_to_their_account(self, vendor: Vendor, member: records.Member):
        source = supported(vendor, capabilities.HOLDINGS)
        accounts = vendor.list_accounts(user_id=member.user_id, member_id=member.id).records
        with_holdings = set()
        for account in accounts:
            for page in source.holding_pages(user_id=member.user_id, account_id=account.id):
                assert {row.account_id for row in page.records} <= {account.id}
                with_holdings |= {row.account_id for row in page.records}
        listed_ids = source.accounts_with_holdings(user_id=member.user_id, member_id=member.id)
        assert listed_ids in (with_holdings, frozenset())  # none where asking costs

    def test_deactivated_holdings_can_be_read_again(
        self, vendor: Vendor, member: records.Member, account: records.Account
    ):
        billed = supported(vendor, capabilities.BILLED_HOLDINGS)
        ids = {"user_id": member.user_id, "account_id": account.id}
        for _ in range(2):
            list(supported(vendor, capabilities.HOLDINGS).holding_pages(**ids))
            billed.deactivate_holdings(user_id=member.user_id)
        with pytest.raises(errors.VendorUserNotFound):
            billed.deactivate_holdings(user_id="USR-unknown")

    def test_a_refresh_is_an_import(self, vendor: Vendor, member: records.Member):
        source = supported(vendor, capabilities.REFRESH)
        assert source.start_aggregation(user_id=member.user_id, member_id=member.id).id == member.id
        assert settled(vendor, member.user_id, member.id).connection.is_connected

    def test_balances_are_checked_on_demand(self, vendor: Vendor, member: records.Member):
        source = supported(vendor, capabilities.BALANCE_CHECK)
        ids = {"user_id": member.user_id, "member_id": member.id}
        assert source.start_balance_check(**ids).id == member.id
        checked = settled(vendor, **ids)
        assert checked.connection.is_connected
        assert times(checked) >= times(member)
        with pytest.raises(errors.VendorNotFound):
            source.start_balance_check(user_id=member.user_id, member_id="MBR-unknown")

    def test_the_history_is_extended(
        self, vendor: Vendor, member: records.Member, account: records.Account
    ):
        source = supported(vendor, capabilities.EXTENDED_HISTORY)
        ids = {"user_id": member.user_id, "member_id": member.id}
        before = {row.id for page in pages(vendor, account) for row in page.records}
        assert source.start_history(**ids).id == member.id
        assert settled(vendor, **ids).connection.is_connected
        after = {row.id for page in pages(vendor, account) for row in page.records}
        assert before <= after
        with pytest.raises(errors.VendorNotFound):
            source.start_history(user_id=member.user_id, member_id="MBR-unknown")

    def test_verification_gives_numbers(
        self, vendor: Vendor, member: records.Member, account: records.Account
    ):
        source = supported(vendor, capabilities.VERIFICATION)
        ids = {"user_id": member.user_id, "member_id": member.id}
        assert source.list_account_numbers(**ids).records == ()
        source.start_verification(**ids)
        settled(vendor, **ids)
        numbers = source.list_account_numbers(**ids).records
        assert account.id in {number.account_id for number in numbers}
        for number in numbers:
            assert number.routing
            assert number.account_number not in repr(number)

    def test_holders_belong_to_accounts(self, vendor: Vendor, member: records.Member):
        source = supported(vendor, capabilities.IDENTIFICATION)
        ids = {"user_id": member.user_id, "member_id": member.id}
        account_ids = {account.id for account in vendor.list_accounts(**ids).records}
        for owner in source.list_account_owners(**ids).records:
            assert owner.account_id in account_ids
            assert owner.name

    def test_merchants_of_transactions_can_be_read(self, vendor: Vendor, account: records.Account):
        source = supported(vendor, capabilities.MERCHANTS)
        rows = [row for page in pages(vendor, account) for row in page.records]
        merchant_id = next(row.merchant_id for row in rows if row.merchant_id)
        assert source.read_merchant(merchant_id=merchant_id).name

    def test_single_transactions_can_be_read(
        self, vendor: Vendor, member: records.Member, account: records.Account
    ):
        source = supported(vendor, capabilities.TRANSACTION_LOOKUP)
        row = next(row for page in pages(vendor, account) for row in page.records)
        accounts = vendor.list_accounts(user_id=member.user_id, member_id=member.id).records
        other = next(listed for listed in accounts if listed.id != account.id)
        owner_ids = {"user_id": member.user_id, "account_id": account.id}
        assert source.read_transaction(**owner_ids, transaction_id=row.id).amount == row.amount
        for ids in (
            owner_ids | {"transaction_id": "TRN-unknown"},
            owner_ids | {"transaction_id": row.id, "account_id": other.id},
        ):
            with pytest.raises(errors.VendorNotFound):
                source.read_transaction(**ids)


def times(member: records.Member) -> tuple[datetime, datetime]:
    """When its last job began, and when one last succeeded."""
    assert member.aggregated_at is not None
    assert member.successfully_aggregated_at is not None
    return member.aggregated_at, member.successfully_aggregated_at
