"""The files in deploy/: they agree with the code, and none of them is out of date."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.test import Client as HttpClient

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = "1.31"
MANIFESTS = sorted(
    path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.stem != "kustomization"
)
TOKEN = "token-of-the-scrape-1234"
# Of other programs: PostgreSQL's image, Caddyfile and Compose's own.
OTHER_VARIABLES = {"HOST", "POSTGRES_DB", "POSTGRES_PASSWORD", "POSTGRES_USER", "VERSION"}
OF_PYTHON = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PATH"}


def documents(path: Path) -> list[dict[str, Any]]:
    return [item for item in yaml.safe_load_all(path.read_text()) if item]


def compose() -> dict[str, Any]:
    [content] = documents(DEPLOY / "compose.yaml")
    return content


def variables() -> Iterator[str]:
    """The names of the variables that the files set."""
    for service in compose()["services"].values():
        yield from service.get("environment", {})
    [config] = documents(DEPLOY / "kubernetes" / "config.yaml")
    yield from config["data"]
    for unit in (DEPLOY / "systemd").glob("*.service"):
        for line in re.findall(r"^Environment=(.*)$", unit.read_text(), re.M):
            yield from (item.partition("=")[0] for item in line.split())
    text = (DEPLOY / "systemd" / "environment").read_text()
    yield from re.findall(r"^(\w+)=", text, re.M)


def test_every_variable_is_one_of_the_gateways():
    documented = set(
        re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/configuration.md").read_text(), re.M)
    )
    documented |= {"READ_DOT_ENV"}
    used = {name.removesuffix("_FILE") for name in variables()}
    assert used - OTHER_VARIABLES - OF_PYTHON <= documented
    assert {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL"} <= used


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_manifests_keep_to_kubernetes_schema(path: Path):
    for document in documents(path):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_the_kustomization_names_every_manifest_but_the_job_of_a_release():
    [content] = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert {*content["resources"], "migrate.yaml"} == {path.name for path in MANIFESTS}


def pods() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        for document in documents(path):
            if template := document.get("spec", {}).get("template"):
                yield template["spec"]


def test_every_pod_and_service_is_confined():
    containers = [container for pod in pods() for container in pod["containers"]]
    assert len(containers) == 5
    for container in containers:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["resources"]["limits"]["memory"]
    assert all(pod["securityContext"]["runAsNonRoot"] for pod in pods())
    for name, service in compose()["services"].items():
        assert name == "postgres" or service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service


def test_images_are_pinned():
    images = [service["image"] for service in compose()["services"].values()]
    images += [container["image"] for pod in pods() for container in pod["containers"]]
    images += re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", (DEPLOY / "Dockerfile").read_text(), re.M)
    for image in images:
        version = image.partition(":")[2]
        assert re.match(r"\d+\.\d+\.?\d*|\$\{VERSION:\?", version), image


def test_the_image_copies_what_install_needs_and_nothing_else():
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    names = {name for line in copied for name in line.split()}
    ignored = (ROOT / ".dockerignore").read_text()
    assert names == set(re.findall(r"^!(\S+)$", ignored, re.M))
    assert all((ROOT / name).exists() for name in names)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_well_formed(path: Path):
    shell = "bash" if "bash" in path.read_text().splitlines()[0] else "sh"
    subprocess.run([shell, "-n", str(path)], check=True)


def test_new_secrets_are_accepted_and_made_once(tmp_path: Path):
    """What the script makes passes every check of a production start."""
    script = [str(DEPLOY / "new-secrets.sh"), str(tmp_path / "secrets"), "db.bank.example"]
    subprocess.run(script, check=True, stdout=subprocess.DEVNULL)
    files = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    again = subprocess.run(script, check=True, capture_output=True, text=True)
    assert again.stdout == ""
    assert files == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert "db.bank.example:5432" in files["database_url"]
    [config] = documents(DEPLOY / "kubernetes" / "config.yaml")
    settings = {
        name: value.replace("/run/secrets/gateway", str(tmp_path / "secrets"))
        for name, value in config["data"].items()
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], cwd=ROOT,
        env={"PATH": os.environ["PATH"], "READ_DOT_ENV": "false", **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_alerts_and_dashboard_use_metrics_that_exist(db: Any, settings: Any):
    settings.METRICS_TOKEN = TOKEN
    page = HttpClient().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    existing = set(re.findall(r"^# TYPE (\w+) ", page.content.decode(), re.M))
    rules = documents(DEPLOY / "monitoring" / "alerts.yaml")[0]["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())["panels"]
    expressions = [rule["expr"] for rule in rules]
    expressions += [target["expr"] for panel in panels for target in panel["targets"]]
    used = {name for text in expressions for name in re.findall(r"\bgateway_\w+", text)}
    assert used <= existing
    assert len(used) > 10
    assert all(rule["annotations"]["description"] for rule in rules)
