"""What the gateway relies on from any vendor: tests that a vendor inherits with its fixtures.

A subclass supplies the fixtures `spec`, `bank` and `stranger`; see docs/adding-a-vendor.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.vendors import errors, records
from integrations.vendors.base import Vendor
from integrations.vendors.spec import VendorSpec
from integrations.vendors.webhooks import WebhookRequest, WebhookSecret
from tests.integrations.vendors.contract_calls import (
    methods,
    pages,
    settled,
    window,
)
from tests.integrations.vendors.contract_capabilities import CapabilitiesContract


@dataclass
class BankSide:
    """An opened vendor, and the person who logs in at the bank.

    Args:
        connect: makes a member for a user of the vendor, as the widget does; returns its id. The
            bank has a demand deposit account with transactions in the last 60 days.
    """

    vendor: Vendor
    connect: Callable[[str], str]


class VendorContract(CapabilitiesContract):
    """Inherit it as `class TestMyVendor(VendorContract)`."""

    @pytest.fixture
    def spec(self) -> VendorSpec:
        raise NotImplementedError

    @pytest.fixture
    def bank(self) -> BankSide:
        raise NotImplementedError

    @pytest.fixture
    def stranger(self) -> Vendor:
        """The vendor, opened with keys that it does not accept."""
        raise NotImplementedError

    @pytest.fixture
    def vendor(self, bank: BankSide) -> Iterator[Vendor]:
        yield bank.vendor
        bank.vendor.close()

    @pytest.fixture
    def user(self, vendor: Vendor) -> records.User:
        return vendor.create_user(identifier=str(uuid.uuid4()))

    @pytest.fixture
    def member(self, bank: BankSide, user: records.User) -> records.Member:
        """A connection whose first import has ended."""
        member_id = bank.connect(user.id)
        return settled(bank.vendor, user.id, member_id)

    @pytest.fixture
    def account(self, vendor: Vendor, member: records.Member) -> records.Account:
        """An account of the member that can be verified."""
        accounts = vendor.list_accounts(user_id=member.user_id, member_id=member.id).records
        return next(account for account in accounts if account.can_verify)

    def test_the_spec_is_complete(self, spec: VendorSpec):
        assert spec.slug.isidentifier()
        assert spec.apis
        for slug, api in spec.apis.items():
            assert api.versions
            assert api.environments
            assert spec.api(slug, api.versions[-1]) is api
            limits = api.limits
            assert limits.poll_seconds > 0
            assert min(limits.page_size, limits.max_pages, limits.window_days_back) > 0
            assert limits.history_days >= limits.window_days_back

    def test_declared_capabilities_are_implemented(self, spec: VendorSpec, vendor: Vendor):
        assert vendor.slug == spec.slug
        assert vendor.capabilities in [api.capabilities for api in spec.apis.values()]
        for capability in vendor.capabilities:
            for name in methods(capability):
                assert callable(getattr(vendor, name, None)), f"{capability.name}: {name}"

    def test_keys_are_checked(self, vendor: Vendor, stranger: Vendor):
        assert vendor.check().ok
        refused = stranger.check()
        assert not refused.ok
        assert refused.message
        with pytest.raises(errors.VendorAccessDenied):
            stranger.create_user(identifier=str(uuid.uuid4()))

    def test_a_user_is_made_once_and_found_by_its_identifier(self, vendor: Vendor):
        identifier = str(uuid.uuid4())
        assert vendor.find_user(identifier=identifier) is None
        user = vendor.create_user(identifier=identifier)
        assert user.identifier == identifier
        assert vendor.read_user(user_id=user.id).id == user.id
        with pytest.raises(errors.VendorConflict):
            vendor.create_user(identifier=identifier)
        existing = vendor.find_user(identifier=identifier)
        assert existing is not None
        assert existing.id == user.id

    def test_a_deleted_user_is_not_found(self, vendor: Vendor, user: records.User):
        vendor.delete_user(user_id=user.id)
        with pytest.raises(errors.VendorNotFound):
            vendor.read_user(user_id=user.id)
        with pytest.raises(errors.VendorNotFound):
            vendor.delete_user(user_id=user.id)

    def test_calls_under_a_deleted_user_name_the_user(
        self, vendor: Vendor, member: records.Member, account: records.Account
    ):
        vendor.delete_user(user_id=member.user_id)
        with pytest.raises(errors.VendorUserNotFound):
            vendor.list_members(user_id=member.user_id)
        with pytest.raises(errors.VendorUserNotFound):
            vendor.read_member(user_id=member.user_id, member_id=member.id)
        with pytest.raises(errors.VendorUserNotFound):
            vendor.read_account(user_id=member.user_id, account_id=account.id)
        with pytest.raises(errors.VendorUserNotFound):
            vendor.widget_url(user_id=member.user_id, options=records.WidgetOptions())

    @pytest.mark.parametrize("verification", [False, True])
    def test_the_widget_has_an_address(
        self, vendor: Vendor, user: records.User, *, verification: bool
    ):
        options = records.WidgetOptions(verification=verification)
        assert vendor.widget_url(user_id=user.id, options=options).startswith("http")

    def test_a_connection_is_listed_and_read(self, vendor: Vendor, member: records.Member):
        listed = vendor.list_members(user_id=member.user_id).records
        assert [row.id for row in listed] == [member.id]
        assert member.connection.is_connected
        assert member.successfully_aggregated_at is not None
        assert member.institution_code
        institution = vendor.read_institution(code=member.institution_code)
        assert institution.code == member.institution_code

    def test_connections_of_others_are_not_found(self, vendor: Vendor, member: records.Member):
        other = vendor.create_user(identifier=str(uuid.uuid4()))
        for read in (vendor.read_member, vendor.list_accounts, vendor.delete_member):
            with pytest.raises(errors.VendorNotFound):
                read(user_id=other.id, member_id=member.id)
        assert vendor.read_member(user_id=member.user_id, member_id=member.id).id == member.id

    def test_a_deleted_connection_is_not_found(self, vendor: Vendor, member: records.Member):
        vendor.delete_member(user_id=member.user_id, member_id=member.id)
        with pytest.raises(errors.VendorNotFound):
            vendor.read_member(user_id=member.user_id, member_id=member.id)
        assert vendor.list_members(user_id=member.user_id).records == ()

    def test_accounts_are_those_of_the_connection(self, vendor: Vendor, member: records.Member):
        listed = vendor.list_accounts(user_id=member.user_id, member_id=member.id)
        assert listed.records
        assert not listed.rejected
        for account in listed.records:
            assert (account.user_id, account.member_id) == (member.user_id, member.id)
            assert len(account.mask or "") <= 4
            read = vendor.read_account(user_id=member.user_id, account_id=account.id)
            assert (read.id, read.name, read.kind) == (account.id, account.name, account.kind)
        other = vendor.create_user(identifier=str(uuid.uuid4()))
        with pytest.raises(errors.VendorNotFound):
            vendor.read_account(user_id=other.id, account_id=listed.records[0].id)

    def test_transactions_lie_in_their_window(self, vendor: Vendor, account: records.Account):
        rows = [row for page in pages(vendor, account) for row in page.records]
        assert rows
        assert len({row.id for row in rows}) == len(rows)
        first, last = window()
        for row in rows:
            assert row.account_id == account.id
            assert row.amount >= 0
            assert first <= row.transacted_at.date() <= last

    def test_a_list_continues_after_a_cursor(self, vendor: Vendor, account: records.Account):
        complete = [page for page in pages(vendor, account) if page.records]
        cursor = complete[0].cursor
        if cursor is None:
            pytest.skip("this vendor's lists cannot be resumed")
        remaining = [page for page in pages(vendor, account, after=cursor) if page.records]
        assert [page.records for page in remaining] == [page.records for page in complete[1:]]

    @pytest.mark.parametrize("payload", [None, True, 1, "x", [], {}, {"member": 1}, {"type": []}])
    def test_unknown_webhooks_are_not_understood(self, spec: VendorSpec, payload: Any):
        assert spec.webhooks.parse(payload) is None

    def test_webhooks_without_proof_are_refused(self, spec: VendorSpec):
        request = WebhookRequest(headers={}, read_body=lambda: b"{}")
        for secrets in ([], [WebhookSecret("", "")], [WebhookSecret("hook", "secret")]):
            assert not spec.webhooks.verify(request, secrets)
        assert spec.webhooks.challenge
