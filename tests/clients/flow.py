"""The main flow with the generated Python client, `gateway_client`.

Whoever starts it links the bank between a line of output, the widget's URL, and a line of input,
the member.
"""

from __future__ import annotations

import base64
import os
import sys
import time
import uuid
from typing import TypeVar

import httpx
from gateway_client import AuthenticatedClient
from gateway_client.api.aggregation_account import create_aggregation_account
from gateway_client.api.aggregation_balance import pull_aggregation_balance
from gateway_client.api.aggregation_transaction import pull_aggregation_transaction
from gateway_client.api.authorization import create_token
from gateway_client.api.bulk import delete_bulk
from gateway_client.api.client import create_client
from gateway_client.api.transaction import list_aggregation_account_transaction
from gateway_client.api.user import create_user
from gateway_client.api.widget import get_widget_link
from gateway_client.models import (
    Address,
    AggregationRequest,
    AggregationVendorRequest,
    ClientBody,
    ClientBodyMetadata,
    CreateTokenGrantType,
    CreateUserRequest,
    DeleteBulkEntityUri,
    Error,
    GetWidgetLinkVendorName,
    ListAggregationAccountTransactionOrderBy,
    ProductEnum,
    VendorNameEnum,
)

T = TypeVar("T")
GATEWAY = os.environ["GATEWAY"]


def succeeded(response: T | Error | str | None) -> T:
    """The answer, which is no error."""
    if response is None or isinstance(response, Error | str):
        raise SystemExit(f"Refused: {response}")
    return response


basic = base64.b64encode(f"{os.environ['ID']}:{os.environ['SECRET']}".encode()).decode()
token = succeeded(
    create_token.sync(
        client=AuthenticatedClient(GATEWAY, basic, prefix="Basic"),
        grant_type=CreateTokenGrantType.CLIENT_CREDENTIALS,
    )
)
api = AuthenticatedClient(GATEWAY, token.access_token, timeout=httpx.Timeout(60))
metadata = ClientBodyMetadata()
metadata["plan"] = "basic"
body = ClientBody(
    username=f"python-{time.time_ns()}",
    client_type="consumer",
    first_name="Ada",
    address=[
        Address(address_line1="1 Main St", city="Lehi", state="UT", country="US", type_="home")
    ],
    metadata=metadata,
)
client = succeeded(create_client.sync(client=api, body=body, idempotency_key=str(uuid.uuid4())))
assert client.address[0].city == "Lehi"
assert client.metadata["plan"] == "basic"
assert client.employment is None

user = succeeded(
    create_user.sync(
        client=api,
        body=CreateUserRequest(
            nucleus_client_id=client.id, product=ProductEnum.ATOM, vendor_name=VendorNameEnum.MX
        ),
    )
)
assert user.nucleus_client_id == client.id
link = succeeded(
    get_widget_link.sync(client.id, client=api, vendor_name=GetWidgetLinkVendorName.MX)
)
print(link.widget_url, flush=True)
member = sys.stdin.readline().strip()

linked = succeeded(
    create_aggregation_account.sync(
        client=api,
        body=AggregationRequest(
            nucleus_client_id=client.id,
            product=ProductEnum.ATOM,
            vendor_request=AggregationVendorRequest(member_id=member),
        ),
    )
)
account = linked.nucleus_aggregation_accounts[0].body
assert account is not None, linked.message
assert account.id is not None
balance = succeeded(pull_aggregation_balance.sync(account.id, client=api))
assert balance.nucleus_balance_posted is not None
assert isinstance(balance.nucleus_balance_posted.balance, float)
pulled = succeeded(pull_aggregation_transaction.sync(account.id, client=api))
assert pulled.nucleus_transactions_posted
stored = succeeded(
    list_aggregation_account_transaction.sync(
        client=api,
        filter_=f"aggregation_account_id=={account.id}",
        order_by=ListAggregationAccountTransactionOrderBy.TRANSACTION_DATE,
    )
)
credit = stored.content[0].bank_credit
assert credit is not None
assert credit.amount >= 0

refused = create_client.sync(client=api, body=body)
assert isinstance(refused, Error)
assert refused.code == "invalid_request"
deleted = succeeded(delete_bulk.sync(DeleteBulkEntityUri.CLIENT, client=api, body=[client.id]))
assert deleted.status == "COMPLETED"
