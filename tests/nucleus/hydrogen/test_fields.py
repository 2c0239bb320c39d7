"""Which values the fields of bodies accept; others are named in the error, not stored."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from rest_framework import serializers

import gateway.urls  # noqa: F401 - so that every body of the API is known
from nucleus import plain_text
from nucleus.hydrogen import fields
from nucleus.hydrogen.fields import EXAMPLE_ID
from nucleus.hydrogen.unknown_names import READ_ONLY, BodySerializer
from nucleus.models import Tenant
from tests.api import Api
from tests.factories.nucleus import ClientFactory

STRICT: dict[type, type] = {  # DRF's own field → ours, which takes less
    serializers.UUIDField: fields.IdField,
    serializers.BooleanField: fields.FlagField,
    serializers.ChoiceField: fields.VocabularyField,
    serializers.DecimalField: fields.NumberField,
    serializers.IntegerField: fields.WholeNumberField,
    serializers.FloatField: fields.CoordinateField,
    serializers.DateField: fields.DayField,
    serializers.DateTimeField: fields.InstantField,
}
NO_UUIDS = [
    5, -1, 2**127, Decimal("1.5"), True, [], {}, [EXAMPLE_ID], "", "5", EXAMPLE_ID.replace("-", ""),
    f"urn:uuid:{EXAMPLE_ID}", f"{{{EXAMPLE_ID}}}", f"{EXAMPLE_ID} ", f"{EXAMPLE_ID}\n",
    EXAMPLE_ID[:-1], EXAMPLE_ID + "0", EXAMPLE_ID.replace("-", "", 1) + "-",
]  # fmt: skip
BAD_URLS = [
    "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
    "\x01javascript:alert(1)", "data:text/html;base64,PHN2Zz4=", "vbscript:msgbox(1)",
    "file:///etc/passwd", "ftp://demo.example/", "blob:https://demo.example/1",
    "https://mx.com@evil.example/", "https://mx.com:p@evil.example/", "https://@evil.example/",
    "https://evil.example\\@mx.com/", "https://demo.example/a b", "https://demo.example/\r\nX: y",
    "https://", "https:///x", "http://[::1", "https://demo.example:99999/", "https://demo.example/\"><",
    "https://demo.example/" + "x" * 2000, "https://demo.example/\u2028",
]  # fmt: skip


def bodies(kind: type = BodySerializer) -> Iterator[type[serializers.Serializer[Any]]]:
    """Every serializer of a body that the API has."""
    for subclass in kind.__subclasses__():
        yield from bodies(subclass)
        if getattr(subclass, "Meta", None) or not issubclass(subclass, serializers.ModelSerializer):
            yield subclass


def innermost(field: Any) -> Any:
    while isinstance(field, serializers.ListField | serializers.DictField) and field.child:
        field = field.child
    return field


@pytest.mark.parametrize("body", sorted(set(bodies()), key=str), ids=lambda body: body.__name__)
def test_every_body_uses_the_strict_fields(body: type[serializers.Serializer[Any]]):
    for name, field in body().fields.items():
        if name in READ_ONLY:
            continue
        inner = innermost(field)
        for lax, strict in STRICT.items():
            assert not isinstance(inner, lax) or isinstance(inner, strict), name
        is_text = isinstance(inner, serializers.CharField)
        if is_text and name.endswith(("url", "image", "website")) and name != "url":
            assert isinstance(inner, fields.WebUrlField), name
        assert not isinstance(inner, serializers.Serializer) or isinstance(inner, BodySerializer)


@pytest.mark.parametrize("body", sorted(set(bodies()), key=str), ids=lambda body: body.__name__)
def test_no_body_accepts_unprintable_text(body: type[serializers.Serializer[Any]]):
    for name, field in body().fields.items():
        inner = innermost(field)
        if not isinstance(inner, serializers.CharField) or inner.read_only or "password" in name:
            continue
        for text in ("a\x1b[31mb", "a\u202eb@demo.example", "https://demo.example/\u202e"):
            with pytest.raises(serializers.ValidationError):
                inner.run_validation(text)


@pytest.mark.parametrize(
    "text", ["A\nB", "A\tB", "A\x85B", "A\u200eB", "A\u200bB", "A\u200dB", "A\ufeffB", "A\u2066B"]
)
def test_unprintable_text_is_refused(text: str):
    with pytest.raises(serializers.ValidationError, match=r"U\+"):
        fields.PlainTextField().run_validation(text)
    assert plain_text.IN_ONE_LINE.search(plain_text.one_line(text)) is None


def test_printable_text_is_accepted():
    names = (
        "José",
        "\u5c71\u3000\u592a",
        "\u0645\u06cc\u200c\u062e\u0648",
        "Ada & Co.",
        "\u2764\u200d\U0001f525",
    )
    for name in names:
        assert fields.PlainTextField().run_validation(name) == name == plain_text.one_line(name)
    assert fields.LongTextField().run_validation("one\r\n\ttwo") == "one\r\n\ttwo"


def test_stored_text_may_be_repeated(api: Api, tenant: Tenant):
    older: Any = ClientFactory(tenant=tenant, first_name="A\nB", email="n\no")
    path = f"/nucleus/v1/client/{older.pk}"
    assert api.put(path, api.get(path).data | {"last_name": "Demo"}).status_code == 200
    refused = api.put(path, {"first_name": "A\nC", "email": "n\never"})
    assert set(refused.data["errors"]) == {"first_name", "email"}


@pytest.mark.parametrize("value", NO_UUIDS, ids=repr)
def test_other_forms_of_uuids_are_refused(value: Any):
    with pytest.raises(serializers.ValidationError):
        fields.IdField().run_validation(value)


def test_canonical_uuids_are_accepted():
    for text in (EXAMPLE_ID, EXAMPLE_ID.upper()):
        assert str(fields.IdField().run_validation(text)) == EXAMPLE_ID


@pytest.mark.parametrize("value", ["yes", "on", "t", "1", 1, 0, Decimal(1), "", "null", [], {}])
def test_other_values_are_no_booleans(value: Any):
    with pytest.raises(serializers.ValidationError):
        fields.FlagField().run_validation(value)


def test_booleans_are_accepted_also_as_strings():
    values = [True, "true", "True", False, "False", "false"]
    assert [fields.FlagField().run_validation(item) for item in values] == [True] * 3 + [False] * 3


@pytest.mark.parametrize("value", ["atmo", "", 5, True, ["atom"], {}, "atom\0", None])
def test_an_unknown_value_is_refused_with_a_list_of_the_known_ones(value: Any):
    field = fields.VocabularyField(["atom", "molecule"])
    with pytest.raises(serializers.ValidationError) as refused:
        field.run_validation(value)
    assert value is None or "Use atom or molecule." in str(refused.value)


def test_vocabularies_ignore_case():
    assert fields.VocabularyField(["GET", "atom"]).run_validation(" Get ") == "GET"


@pytest.mark.parametrize("url", BAD_URLS, ids=lambda url: ascii(url[:30]))
def test_unsafe_urls_are_refused(url: str):
    for absolute in (True, False):
        with pytest.raises(serializers.ValidationError):
            fields.WebUrlField(absolute=absolute, trim_whitespace=False).run_validation(url)


def test_web_urls_are_accepted():
    url = "https://demo.example:8443/a/b.png?x=y&z=%20#top"
    assert fields.WebUrlField().run_validation(url) == url
    for relative in ("www.demo.example", "/consents", "some website"):
        assert fields.WebUrlField(absolute=False).run_validation(relative) == relative
        with pytest.raises(serializers.ValidationError):
            fields.WebUrlField().run_validation(relative)


@pytest.mark.parametrize("value", [21000021, Decimal("1.5"), True, []])
def test_account_numbers_have_to_be_strings(value: Any):
    with pytest.raises(serializers.ValidationError):
        fields.DigitsField().run_validation(value)


@pytest.mark.parametrize("value", ["1_0", "\uff11\uff12", "\u0661", "0x1", "", True, [], "nan"])
@pytest.mark.parametrize(
    "field", [fields.NumberField(24, 8), fields.WholeNumberField(), fields.CoordinateField()]
)
def test_other_values_are_no_numbers(field: serializers.Field[Any, Any, Any, Any], value: Any):
    with pytest.raises(serializers.ValidationError):
        field.run_validation(value)


def test_numbers_are_accepted_also_as_strings():
    for value in (10, Decimal("10.0"), "10", "1e1", " 10 "):
        assert fields.NumberField(24, 8).run_validation(value) == 10
        assert fields.WholeNumberField().run_validation(value) == 10


@pytest.mark.parametrize("field", [fields.DayField(), fields.InstantField()])
@pytest.mark.parametrize(
    "text", ["2026-W05-1", "2026-W05", "2026-032", "20260201", "\uff12026-02-01", "2026-02-30"]
)
def test_other_values_are_no_dates(field: serializers.Field[Any, Any, Any, Any], text: str):
    for value in (text, f"{text}x10:00:00Z", f"{text}T10:00:00Z"):
        with pytest.raises(serializers.ValidationError):
            field.run_validation(value)


@pytest.mark.parametrize("value", [True, "x", [], "nan", 181])
def test_coordinates_are_bounded(value: Any):
    with pytest.raises(serializers.ValidationError):
        fields.CoordinateField().run_validation(value)


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        ("/nucleus/v1/client", {"business_id": 5}, "business_id"),
        ("/nucleus/v1/client", {"client_type": "consumr"}, "client_type"),
        ("/nucleus/v1/client", {"image": "javascript:alert(1)"}, "image"),
        ("/nucleus/v1/client", {"is_active": "yes"}, "is_active"),
        ("/nucleus/v1/client", {"identification_number": 123456789}, "identification_number"),
        ("/nucleus/v1/client", {"address": [{"is_primary": 1}]}, "address"),
        ("/nucleus/v1/business", {"website": "javascript:alert(1)"}, "website"),
        ("/nucleus/v1/business", {"ownership": [{"client_id": 5, "role": "x"}]}, "ownership"),
        ("/nucleus/v1/aggregation_account", {"client_id": 5}, "client_id"),
        ("/nucleus/v1/aggregation_account", {"institution_id": True}, "institution_id"),
        ("/nucleus/v1/aggregation_account", {"account_category_id": 5}, "account_category_id"),
        ("/nucleus/v1/aggregation_account", {"is_manual": 1}, "is_manual"),
        ("/nucleus/v1/bank_link", {"routing": 21000021}, "routing"),
        ("/nucleus/v1/bank_link", {"account_id": 5}, "account_id"),
        ("/nucleus/v1/resource/institution", {"logo_url_small": "data:,"}, "logo_url_small"),
        ("/nucleus/v1/audit_log", {"client_ids": [5]}, "client_ids"),
        ("/nucleus/v1/audit_log", {"request_url": "javascript:alert(1)"}, "request_url"),
        ("/nucleus/v1/webhook", {"atom_service": ["clients"]}, "atom_service"),
        ("/nucleus/v1/webhook", {"is_active": "on"}, "is_active"),
        ("/integration/v1/webhook", {"integration_service": ["foo"]}, "integration_service"),
        ("/integration/v1/user", {"nucleus_client_id": 5}, "nucleus_client_id"),
        ("/integration/v1/aggregation/account", {"product": "x"}, "product"),
        ("/integration/v1/iav", {"is_cash": "yes"}, "is_cash"),
        ("/integration/v1/iav", {"nucleus_account_id": [EXAMPLE_ID]}, "nucleus_account_id"),
        ("/integration/v1/token_exchange", {"tenant_id": 5}, "tenant_id"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_a_400_that_names_the_field(
    api: Api, path: str, change: dict[str, Any], field: str
):
    response = api.post(path, change)
    assert response.status_code == 400
    assert field in response.data["errors"], response.data["errors"]


def test_an_unknown_event_is_refused_with_a_list_of_the_known_ones(api: Api):
    response = api.post("/integration/v1/webhook", {"url": "x", "integration_service": ["foo"]})
    assert "'foo' is not known here. Use kyc" in response.data["message"]
    assert "async_aggregation_account_holding" in response.data["message"]


def test_a_stored_client_type_may_be_repeated(api: Api, tenant: Tenant):
    client: Any = ClientFactory(tenant=tenant, client_type="retail")
    path = f"/nucleus/v1/client/{client.pk}"
    assert api.put(path, {"client_type": "retail"}).status_code == 200
    assert api.put(path, {"client_type": "wholesale"}).status_code == 400
    assert api.put(path, {"client_type": "Consumer"}).data["client_type"] == "consumer"


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ({"vendor_name": "plaid"}, "mx"), ({"integration_type": "agregate"}, "aggregation or iav"),
        ({"request_type": "FETCH"}, "GET, POST"), ({"is_request": "perhaps"}, "true or false"),
    ],
)  # fmt: skip
def test_an_unknown_value_in_a_query_is_a_400(api: Api, query: dict[str, str], allowed: str):
    response = api.get("/integration/v1/audit_log", **query)
    assert response.status_code == 400
    assert allowed in response.data["message"]
