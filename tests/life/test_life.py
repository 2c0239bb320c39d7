"""A year of random events; after each quiet the gateway says what the banks say.

LIFE_SEEDS is a number of seeds or a list such as 7,11; LIFE_CLIENTS and LIFE_DAYS set the size.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from gateway.access.models import Application
from integrations.models import AggregationSettings
from nucleus.models import Tenant
from tests import sandbox_process
from tests.conftest import connect_tenant
from tests.life.oracle import differences
from tests.life.simulation import START, Simulation
from tests.mx_api import MXApi
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.life
CLIENTS = int(os.environ.get("LIFE_CLIENTS", "6"))
DAYS = int(os.environ.get("LIFE_DAYS", "365"))
STEPS_BETWEEN = 4  # until everything is compared


def seeds() -> list[int]:
    text = os.environ.get("LIFE_SEEDS", "3")
    if "," in text:
        return [int(seed) for seed in text.split(",") if seed]
    return list(range(int(text)))


@pytest.fixture(scope="module")
def living_bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_process.running(tmp_path_factory.mktemp("life")) as server:
        yield server


@pytest.mark.parametrize("seed", seeds())
def test_after_a_year_the_gateway_says_what_the_banks_say(
    tenant: Tenant,
    application: Application,
    living_bank: Sandbox,
    settings: Any,
    chosen_api: MXApi,
    seed: int,
):
    settings.MEMBER_WAIT_SECONDS = 0
    living_bank.call("POST", "/_control/reset", json={"seed": str(seed), "now": START.isoformat()})
    living_bank.heal()
    living_bank.call("POST", "/_control/clock", json={"is_running": False})
    hook = {"url": "http://127.0.0.1:9/", "username": "mx", "password": "secret"}
    hook |= {"api": chosen_api.slug, "version": chosen_api.version}
    living_bank.call("POST", "/_control/webhooks", json=hook)
    config = AggregationSettings(tenant=tenant, webhook_user="mx", webhook_secret="a-secret-of-mx")
    config.save()
    connect_tenant(tenant, living_bank, chosen_api)
    with time_machine.travel(START, tick=True) as traveller:
        simulation = Simulation(
            application=application,
            settings=config,
            sandbox=living_bank,
            traveller=traveller,
            seed=seed,
            clients=CLIENTS,
        )
        simulation.begin()
        step = 0
        while simulation.now() < START + timedelta(days=DAYS):
            simulation.step()
            step += 1
            if step % STEPS_BETWEEN == 0:
                _check(simulation)
        _check(simulation)


def _check(simulation: Simulation) -> None:
    simulation.quiet()
    differing = [
        f"{person.client.username}: {difference}"
        for person in simulation.people
        for difference in differences(simulation.api(), person)
    ]
    history = "\n  ".join(simulation.log[-60:])
    assert not differing, "\n".join([*differing[:30], "after", f"  {history}"])
