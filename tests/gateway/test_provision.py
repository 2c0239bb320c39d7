"""manage.py provision and doctor."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from gateway.access.models import Application
from integrations.models import AggregationSettings, VendorCredential
from integrations.vendors import registry
from nucleus.models import Tenant
from tests.sandbox_process import API_KEY, CLIENT_ID, Sandbox

pytestmark = pytest.mark.django_db


def provision(*arguments: str) -> dict[str, Any]:
    output = StringIO()
    call_command("provision", "--tenant", "demo", *arguments, stdout=output)
    return dict(json.loads(output.getvalue()))


def credential(base_url: str) -> list[str]:
    return ["--environment", "custom", "--base-url", base_url, "--vendor-client-id", CLIENT_ID]


def test_provisioning_everything_is_repeatable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VENDOR_SECRET", API_KEY)
    monkeypatch.setenv("WEBHOOK_SECRET", "a-webhook-secret")
    arguments = [
        "--tenant-name", "Demo", "--application", "app", "--admin-user", "staff",
        "--webhook-user", "hook", "--no-retrieve-automatically", "--history-days", "365",
        *credential("http://127.0.0.1:8001"),
    ]  # fmt: skip
    first = provision(*arguments)
    assert first["application"]["client_secret"]
    assert first["admin"]["password"]
    assert first["settings"]["webhook_url"].startswith("http")
    assert "sandbox-api-key" not in json.dumps(first)
    second = provision(*arguments)
    assert "client_secret" not in second["application"]
    assert "password" not in second["admin"]
    assert second["application"]["client_id"] == first["application"]["client_id"]
    for model in (Tenant, Application, get_user_model()):
        assert model.objects.count() == 1
    assert VendorCredential.unscoped.get().secret == API_KEY
    assert second["credential"]["vendor_config_id"] == str(VendorCredential.unscoped.get().pk)
    chosen = AggregationSettings.unscoped.get()
    assert (chosen.webhook_user, chosen.webhook_secret) == ("hook", "a-webhook-secret")
    assert (chosen.retrieve_automatically, chosen.history_days) == (False, 365)


def test_values_that_are_left_out_stay(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VENDOR_SECRET", API_KEY)
    provision("--history-days", "30", *credential("http://127.0.0.1:8001"))
    monkeypatch.delenv("VENDOR_SECRET")
    provision(*credential("http://127.0.0.1:8002"))
    assert AggregationSettings.unscoped.get().history_days == 30
    assert VendorCredential.unscoped.get().secret == API_KEY
    assert VendorCredential.unscoped.get().base_url.endswith("8002")


def test_api_and_version_stay_unless_they_are_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VENDOR_SECRET", API_KEY)

    def stored(*arguments: str) -> tuple[str, str]:
        report = provision(*credential("http://127.0.0.1:8001"), *arguments)["credential"]
        return report["api"], report["api_version"]

    assert stored() == ("platform", "")
    assert stored("--api-version", "v20111101") == ("platform", "v20111101")
    assert stored() == ("platform", "v20111101")
    assert stored("--api", "platform") == ("platform", "v20111101")
    assert stored("--api-version", "") == ("platform", "")
    assert stored("--api", "atrium") == ("atrium", "")
    assert stored() == ("atrium", "")  # not the default again
    assert stored("--api-version", "v1") == ("atrium", "v1")
    assert stored("--api", "platform") == ("platform", "")  # v1 is Atrium's


def test_an_inactive_credential_stands_beside_the_active(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("VENDOR_SECRET", API_KEY)
    active = provision(*credential("http://127.0.0.1:8001"))["credential"]
    beside = ("--inactive", "--api", "atrium")
    for port in (8002, 8003):
        inactive = provision(*credential(f"http://127.0.0.1:{port}"), *beside)["credential"]
    rows = VendorCredential.unscoped.order_by("create_date")
    assert [(str(row.pk), row.is_active, row.base_url) for row in rows] == [
        (active["vendor_config_id"], True, "http://127.0.0.1:8001"),
        (inactive["vendor_config_id"], False, "http://127.0.0.1:8003"),
    ]


def test_a_new_secret_replaces_the_old():
    old = provision("--application", "app")["application"]["client_secret"]
    new = provision("--application", "app", "--rotate-secret")["application"]["client_secret"]
    assert new != old


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (credential("https://evil.example"), "VENDOR_ALLOWED_HOSTS"),
        (credential("ftp://127.0.0.1"), "https://"),
        (credential("http://user@127.0.0.1"), "https://"),
        (credential("http://[::1"), "URL"),
        (["--environment", "production", "--base-url", "http://127.0.0.1"], "empty"),
        ([*credential("http://127.0.0.1"), "--api", "nessus"], "It speaks: platform, atrium"),
        (
            [*credential("http://127.0.0.1"), "--api-version", "v0"],
            "It speaks: v2011",
        ),
        ([*credential("http://127.0.0.1"), "--vendor", "none"], "Known vendors: mx"),
        (["--application", "a", "--scopes", "read everything"], "everything"),
        (["--history-days", "0"], "greater than or equal to 1"),
    ],
)
def test_bad_instructions_are_explained(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
):
    monkeypatch.setenv("VENDOR_SECRET", API_KEY)
    with pytest.raises(CommandError, match=message):
        provision(*arguments)
    assert not Tenant.objects.exists()  # all or nothing


def test_secrets_come_from_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "secret"
    file.write_text(f"{API_KEY}\n")
    provision(*credential("http://127.0.0.1:8001"), "--vendor-secret-file", str(file))
    assert VendorCredential.unscoped.get().secret == API_KEY
    with pytest.raises(CommandError, match="cannot be read"):
        provision(*credential("http://127.0.0.1:8001"), "--vendor-secret-file", "/nowhere")
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(file))
    provision("--webhook-user", "hook")
    assert AggregationSettings.unscoped.get().webhook_secret == API_KEY
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", "/nowhere")
    with pytest.raises(CommandError, match="WEBHOOK_SECRET_FILE"):
        provision("--webhook-user", "hook")


def doctor() -> tuple[str, int]:
    output, status = StringIO(), 0
    try:
        call_command("doctor", stdout=output)
    except SystemExit as ended:
        status = int(str(ended.code))
    return output.getvalue(), status


def test_the_doctor_finds_nothing(mx: Sandbox, settings: Any):
    settings.BROKER_URL = (
        ""  # with one it looks for workers; tests/integrations/jobs/test_broker.py
    )
    text, status = doctor()
    assert status == 0, text
    row = VendorCredential.unscoped.get()
    assert f"OK   {row.tenant.slug}: {row}: MX accepts these keys." in text


def test_the_doctor_names_every_credential(
    mx: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.BROKER_URL = ""
    row = VendorCredential.unscoped.get()
    other = VendorCredential(
        tenant=row.tenant, api="atrium", environment="production", client_id="id", secret="key",
        is_active=False,
    )  # fmt: skip
    other.save()
    spec = registry.get("mx")
    api = spec.apis[row.api]
    leaving = replace(api, deprecations=dict.fromkeys(api.versions, "It ends in 2030."))
    monkeypatch.setitem(registry.specs(), "mx", replace(spec, apis={**spec.apis, row.api: leaving}))
    text, status = doctor()
    assert "MX Atrium v1 (production): inactive, not tested." in text
    assert f"WARN {row.tenant.slug}: {row}: It ends in 2030." in text
    assert status == 0  # a warning is no failure


def test_the_doctor_names_what_is_wrong(mx: Sandbox):
    row = VendorCredential.unscoped.get()
    row.secret = "wrong"
    row.save()
    text, status = doctor()
    assert status == 1
    assert "Password/Client Secret" in text
    VendorCredential.unscoped.update(base_url="http://127.0.0.1:9")
    assert "cannot be reached" in doctor()[0]
    VendorCredential.unscoped.all().delete()
    assert "add them" in doctor()[0]
