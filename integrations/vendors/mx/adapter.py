"""MX behind the seam's protocols."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from integrations.vendors import capabilities, errors, records
from integrations.vendors.base import VendorConfig
from integrations.vendors.mx import batches, diagnosis, mapping, webhooks
from integrations.vendors.mx.apis import APIS, dialect_of
from integrations.vendors.mx.client import Client
from integrations.vendors.mx.values import Payload
from integrations.vendors.spec import VendorSpec
from nucleus import web_urls

T = TypeVar("T")
WIDGET_DOMAINS = (".mx.com", ".moneydesktop.com")  # MX's own: the widget has hosts beside the API


class MX:
    """An opened MX; see base.Vendor for what the methods promise."""

    slug = "mx"

    def __init__(self, config: VendorConfig) -> None:
        self.config = config
        self.dialect = dialect_of(config)
        self.capabilities = APIS[config.api].capabilities
        self.limits = self.dialect.limits
        self.client = Client(config, self.dialect)

    def close(self) -> None:
        """Connections stay: they are pooled for the process."""
        self.client.close()

    def check(self) -> records.CheckResult:
        return diagnosis.check(self.config, self.client)

    def create_user(self, *, identifier: str) -> records.User:
        body = self.dialect.user_body(identifier)
        return self._user(self.client.fetch_object("create_user", "user", body=body))

    def find_user(self, *, identifier: str) -> records.User | None:
        # Where MX cannot filter users, the list is read until the identifier turns up.
        query = self.dialect.user_query(identifier)
        for page in self.client.pages("list_users", "users", query=query):
            for payload in page:
                if (
                    isinstance(payload, dict)
                    and payload.get(self.dialect.identifier_key) == identifier
                ):
                    return self._user(payload)
        return None

    def read_user(self, *, user_id: str) -> records.User:
        return self._user(self.client.fetch_object("read_user", "user", user=user_id))

    def _user(self, payload: Payload) -> records.User:
        return batches.convert_one(partial(mapping.user, key=self.dialect.identifier_key), payload)

    def set_user_disabled(self, *, user_id: str, is_disabled: bool) -> records.User:
        body = {"user": {"is_disabled": is_disabled}}
        return self._user(self.client.fetch_object("update_user", "user", body=body, user=user_id))

    def delete_user(self, *, user_id: str) -> None:
        with _deleted_by_first_attempt():
            self.client.call("delete_user", user=user_id)

    def widget_url(self, *, user_id: str, options: records.WidgetOptions) -> str:
        body = self.dialect.widget_body(options)
        wrapper, key = self.dialect.widget_url_keys
        headers = {"Accept-Language": options.language} if options.language else None
        payload = self.client.fetch_object(
            "create_widget_url", wrapper, body=body, headers=headers, user=user_id
        )
        url = payload.get(key)
        if not isinstance(url, str) or web_urls.url_error(url) is not None:
            raise errors.VendorBadResponse(vendor=self.slug, operation="create_widget_url")
        if not self._is_own(url):
            raise errors.VendorBadResponse(
                f"MX gave a widget link to {urlsplit(url).netloc[:100]}, which is not a host of MX "
                "over https. Staff: hosts of your own belong into VENDOR_ALLOWED_HOSTS.",
                vendor=self.slug,
                operation="create_widget_url",
            )
        return url

    def _is_own(self, url: str) -> bool:
        """Whether a URL that people will open, with their bank's password at hand, is MX's."""
        parts, base = urlsplit(url), urlsplit(self.config.base_url)
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme not in ("https", base.scheme):
            return False
        if host in (base.hostname, *self.config.allowed_hosts):
            return True
        return host.endswith(WIDGET_DOMAINS)

    def read_institution(self, *, code: str) -> records.Institution:
        payload = self.client.fetch_object("read_institution", "institution", institution=code)
        return batches.convert_one(mapping.institution, payload)

    def list_members(self, *, user_id: str) -> records.Batch[records.Member]:
        pages = self.client.pages("list_members", "members", user=user_id)
        return batches.merge(
            batches.batch(mapping.member, page, user_guid=user_id) for page in pages
        )

    def read_member(self, *, user_id: str, member_id: str) -> records.Member:
        payload = self.client.fetch_object("read_member", "member", user=user_id, member=member_id)
        return self._member_of_user(payload, user_id, member_id)

    def delete_member(self, *, user_id: str, member_id: str) -> None:
        with _deleted_by_first_attempt():
            self.client.call("delete_member", user=user_id, member=member_id)

    def start_aggregation(self, *, user_id: str, member_id: str) -> records.Member:
        return self._start_job("start_aggregation", user_id, member_id)

    def start_balance_check(self, *, user_id: str, member_id: str) -> records.Member:
        return self._start_job("start_balance_check", user_id, member_id)

    def start_history(self, *, user_id: str, member_id: str) -> records.Member:
        return self._start_job("start_history", user_id, member_id)

    def start_verification(self, *, user_id: str, member_id: str) -> records.Member:
        return self._start_job("start_verification", user_id, member_id)

    def list_accounts(self, *, user_id: str, member_id: str) -> records.Batch[records.Account]:
        pages = self.client.pages(
            "list_member_accounts", "accounts", user=user_id, member=member_id
        )
        return batches.merge(
            batches.batch(mapping.account, page, user_guid=user_id, member_guid=member_id)
            for page in pages
        )

    def read_account(self, *, user_id: str, account_id: str) -> records.Account:
        payload = self.client.fetch_object(
            "read_account", "account", user=user_id, account=account_id
        )
        if payload.get("guid") != account_id or payload.get("user_guid") not in (user_id, None):
            raise errors.VendorNotFound(vendor=self.slug, operation="read_account")
        return batches.convert_one(mapping.account, {**payload, "user_guid": user_id})

    def transaction_pages(
        self,
        *,
        user_id: str,
        account_id: str,
        from_date: date,
        to_date: date,
        after: str | None = None,
    ) -> Iterator[records.Batch[records.Transaction]]:
        window = batches.Window(from_date, to_date)
        for page, cursor in self.client.resumable_pages(
            "list_transactions",
            "transactions",
            query={
                **self.dialect.date_range(from_date, to_date),
                **self.dialect.transaction_query,
            },
            after=after,
            user=user_id,
            account=account_id,
        ):
            batch = batches.batch(mapping.transaction, page, account_guid=account_id)
            yield replace(batch, records=window.within(batch.records), cursor=cursor)

    def accounts_with_holdings(self, *, user_id: str, member_id: str) -> frozenset[str]:
        if capabilities.BILLED_HOLDINGS in self.capabilities:
            return frozenset()  # so that only investment accounts are asked about
        pages = self.client.pages(
            "list_member_holdings", self.dialect.holdings_key, user=user_id, member=member_id
        )
        return frozenset(
            payload["account_guid"]
            for page in pages
            for payload in page
            if isinstance(payload, dict) and isinstance(payload.get("account_guid"), str)
        )

    def read_transaction(
        self, *, user_id: str, account_id: str, transaction_id: str
    ) -> records.Transaction:
        payload = self.client.fetch_object(
            "read_transaction",
            "transaction",
            query=dict(self.dialect.transaction_query),
            user=user_id,
            transaction=transaction_id,
        )
        owner = payload.get("account_guid")
        if payload.get("guid") != transaction_id or owner not in (account_id, None):
            raise errors.VendorNotFound(vendor=self.slug, operation="read_transaction")
        return batches.convert_one(mapping.transaction, {**payload, "account_guid": account_id})

    def holding_pages(
        self, *, user_id: str, account_id: str
    ) -> Iterator[records.Batch[records.Holding]]:
        for page in self.client.pages(
            "list_holdings", self.dialect.holdings_key, user=user_id, account=account_id
        ):
            yield batches.batch(self.dialect.holding, page, account_guid=account_id)

    def deactivate_holdings(self, *, user_id: str) -> None:
        self.client.call("deactivate_holdings", user=user_id)

    def list_account_numbers(
        self, *, user_id: str, member_id: str
    ) -> records.Batch[records.AccountNumber]:
        pages = self.client.pages(
            "list_account_numbers",
            "account_numbers",
            identity=self.dialect.account_number_identity,
            user=user_id,
            member=member_id,
        )
        return batches.merge(
            batches.batch(mapping.account_number, page, member_guid=member_id) for page in pages
        )

    def list_account_owners(
        self, *, user_id: str, member_id: str
    ) -> records.Batch[records.AccountOwner]:
        pages = self.client.pages(
            "list_account_owners", "account_owners", user=user_id, member=member_id
        )
        return batches.merge(
            batches.batch(mapping.account_owner, page, member_guid=member_id) for page in pages
        )

    def read_merchant(self, *, merchant_id: str) -> records.Merchant:
        payload = self.client.fetch_object("read_merchant", "merchant", merchant=merchant_id)
        return batches.convert_one(mapping.merchant, payload)

    def read_merchant_location(self, *, location_id: str) -> records.Location:
        payload = self.client.fetch_object(
            "read_merchant_location", "merchant_location", location=location_id
        )
        return mapping.merchant_location(payload)

    def _start_job(self, operation: str, user_id: str, member_id: str) -> records.Member:
        try:
            payload = self.client.fetch_object(operation, "member", user=user_id, member=member_id)
        except errors.VendorBusy as error:
            if not error.is_repeat:
                raise
            # The job that keeps MX busy is the one that the first attempt has started.
            return self.read_member(user_id=user_id, member_id=member_id)
        return self._member_of_user(payload, user_id, member_id)

    def _member_of_user(self, payload: Payload, user_id: str, member_id: str) -> records.Member:
        """The member, if MX says it is this one of this user: ids come from browsers."""
        if (payload.get("guid"), payload.get("user_guid")) != (member_id, user_id):
            raise errors.VendorNotFound(vendor=self.slug, operation="read_member")
        return batches.convert_one(mapping.member, payload)


@contextmanager
def _deleted_by_first_attempt() -> Iterator[None]:
    """A repeated deletion that finds nothing has worked the first time."""
    try:
        yield
    except errors.VendorNotFound as error:
        if not error.is_repeat:
            raise


SPEC = VendorSpec(
    slug="mx",
    name="MX",
    apis=APIS,
    open=MX,
    webhooks=webhooks.SPEC,
)
