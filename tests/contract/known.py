"""Values that exist before schemathesis begins: ids of every kind of record."""

from __future__ import annotations

import json
import time
from typing import Any

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from tests.faults.deployment import Deployment

MEMBERS = 6
PASSWORD = "correct horse battery staple"
HOOK = "https://app.demo.example/hooks/"
LISTS = (
    "client", "business", "aggregation_account", "aggregation_account_balance",
    "aggregation_account_transaction", "aggregation_account_holding", "bank_link",
    "resource/institution", "resource/merchant", "audit_log", "webhook",
)  # fmt: skip
NAMES = {  # list → what its ids are called in parameters and bodies
    "client": ("client_id", "nucleus_client_id", "nucleus_id", "client_ids"),
    "business": ("business_id", "nucleus_business_id"),
    "aggregation_account": (
        "aggregation_account_id", "nucleus_aggregation_account_id", "account_id",
        "aggregation_account_id_list", "aggregation_account_ids",
    ),
    "bank_link": ("bank_link_id", "nucleus_bank_link_id"),
    "resource/institution": ("institution_id",),
    "resource/merchant": ("merchant_id",),
}  # fmt: skip


def existing_values(deployment: Deployment) -> dict[str, list[str]]:
    """Values that exist, oldest first, by name of a parameter or field, or path of a list."""
    deployment.link(MEMBERS)
    for member in deployment.members:
        own = {"nucleus_client_id": member.client, "product": "atom"}
        deployment.call(
            "POST", "/integration/v1/iav", **own, vendor_request={"member_id": member.guid}
        )
    _businesses(deployment)
    values = _other_values(deployment)
    for name in LISTS:
        values[f"/nucleus/v1/{name}"] = _ids(deployment, f"/nucleus/v1/{name}")
        for alias in NAMES.get(name, ()):
            values[alias] = values[f"/nucleus/v1/{name}"]
    categories = deployment.call("GET", "/nucleus/v1/resource/transaction_category")
    values["transaction_category_id"] = [
        row["hydrogen_transaction_category_id"] for row in categories[:5]
    ]
    values["hydrogen_transaction_category_id"] = values["transaction_category_id"]
    values["member_id"] = [member.guid for member in deployment.members]
    values["filter"] = ["is_active==true", "secondary_id==null || id!=null"]
    values["currency_conversion"] = ["USD"]
    values["client_type"] = ["consumer", "Individual"]
    for name in ("image", "website", "website_url", "logo_url_small", "logo_url_medium"):
        values[name] = [f"https://demo.example/{name}"]
    return {name: result for name, result in values.items() if result}


def _businesses(deployment: Deployment) -> None:
    """One that linked a bank itself, and clients that belong to it."""
    business = deployment.call("POST", "/nucleus/v1/business", legal_name="Demo Bakery LLC")["id"]
    deployment.call("POST", "/nucleus/v1/business", legal_name="Demo Mill LLC")
    own = {"nucleus_business_id": business, "product": "atom", "vendor_name": "mx"}
    user = deployment.call("POST", "/integration/v1/user", **own)["vendor_response"]["guid"]
    request = {"vendor_request": {"member_id": deployment.sandbox.connect(user)}}
    deployment.call("POST", "/integration/v1/aggregation/account", **own, **request)
    for member in deployment.members[1::2]:
        deployment.call("PUT", f"/nucleus/v1/client/{member.client}", business_id=business)


def _other_values(deployment: Deployment) -> dict[str, list[str]]:
    """What no list of Nucleus names."""
    ada = {"username": "ada", "client_type": "consumer", "password": PASSWORD}
    deployment.call("POST", "/nucleus/v1/client", **ada)
    deployment.call("POST", "/nucleus/v1/resource/institution", name="Savings Bank of Demo")
    entry = {"request_url": f"{HOOK}consents", "response": "accepted"}
    deployment.call("POST", "/nucleus/v1/audit_log", **entry)
    nucleus = {"url": f"{HOOK}nucleus", "atom_service": ["bank_link_verified"]}
    deployment.call("POST", "/nucleus/v1/webhook", **nucleus)
    gateway = {"url": f"{HOOK}gateway", "extended_events": ["aggregation_account_status"]}
    hook = deployment.call("POST", "/integration/v1/webhook", **gateway)
    client = {"username": "bulk", "client_type": "consumer"}
    response = deployment.api().call(
        "POST", "/nucleus/v1/bulk/client", json.dumps([client]).encode()
    )
    started = deployment.call("GET", "/integration/v1/async/aggregation/account")
    return {
        "/integration/v1/webhook": [hook["id"]],
        "bulk_id": [response.json()["id"]],
        "async_id": [started["id"]],
        "username": ["ada"],
        "password": [PASSWORD],
        "scope": ["read", "read create"],
        "Client-Token": [f"Bearer {_client_token(deployment)}"],
    }


def _client_token(deployment: Deployment) -> str:
    """What a tenant's back end signs for a client, good for an hour."""
    key, now = JWK.generate(kty="RSA", size=2048), int(time.time())
    public = deployment.directory / "client-token.pem"
    public.write_bytes(key.export_to_pem())
    deployment.manage(
        "provision", "--tenant", "demo", "--application", "Demo", "--allow-passwords",
        "--client-token-key", str(public),
    )  # fmt: skip
    claims = {"iss": deployment.keys[0], "sub": "ada", "iat": now, "exp": now + 3600}
    token = JWS(json.dumps(claims))
    token.allowed_algs = ["RS512"]
    token.add_signature(key, protected=json.dumps({"alg": "RS512", "typ": "JWT"}))
    return str(token.serialize(compact=True))


def _ids(deployment: Deployment, path: str) -> list[str]:
    rows: Any = deployment.call("GET", f"{path}?size=100&order_by=create_date&ascending=true")
    return [row["id"] for row in rows["content"]]
