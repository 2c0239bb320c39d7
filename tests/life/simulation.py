"""One simulated year: a sandbox over HTTP, the gateway in this process, one clock for both."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import time_machine
from django.test import Client as HttpClient

from gateway.access.models import Application
from integrations.flows import reconciliation
from integrations.jobs import runner
from integrations.models import AggregationSettings, Job, JobState
from integrations.vendors.transport import Transport
from tests.api import Api
from tests.factories.access import access_token
from tests.factories.nucleus import ClientFactory
from tests.life.bank_events import EVENTS
from tests.life.people import Person
from tests.sandbox_process import Sandbox

START = datetime(2025, 1, 6, 12, tzinfo=UTC)
LOST, DOUBLED = 0.3, 0.2  # shares of webhooks
MAX_ROUNDS = 40


class Crash(BaseException):
    """The process of the gateway is killed here."""


class Simulation:
    """The people, and what happens to them.

    Args:
        seed: determines everything that happens.
        traveller: the clock of this process.
    """

    def __init__(
        self,
        *,
        application: Application,
        settings: AggregationSettings,
        sandbox: Sandbox,
        traveller: time_machine.Traveller,
        seed: int,
        clients: int,
    ) -> None:
        self.application, self.settings, self.sandbox = application, settings, sandbox
        self.traveller, self.clients = traveller, clients
        self.chance = random.Random(seed)
        self.people: list[Person] = []
        self.log: list[str] = []
        self.last_delivery = 0
        self.crash_after = 0  # calls to MX; 0: never

    def begin(self) -> None:
        """Everybody has linked a bank."""
        for number in range(self.clients):
            client = ClientFactory(tenant=self.application.tenant, username=f"client-{number}")
            person = Person(client, self.sandbox)
            person.create_user(self.api())
            self.people.append(person)
            member = person.connect("mxbank")
            self.settle()
            self.link(person, member)
            if number % 2:
                person.verify(self.api(), member)
                self.settle()
                person.verify(self.api(), member)
        self.quiet_jobs()

    def api(self) -> Api:
        """The tenant's back end, with a token that is valid now."""
        return Api(access_token(self.application))

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pass_time(self, **span: float) -> None:
        """Let both clocks go on; webhooks come, or are lost."""
        minutes = round(timedelta(**span).total_seconds() / 60)
        answer = self.sandbox.call("POST", "/_control/clock", json={"advance": f"{minutes}m"})
        self.traveller.move_to(datetime.fromisoformat(answer["now"]) + timedelta(seconds=3))
        self._deliver_webhooks(is_lossy=True)

    def settle(self) -> None:
        """Let the jobs that run at MX end."""
        self.pass_time(minutes=10)

    def link(self, person: Person, member: str | None) -> None:
        """The app's call; it repeats what failed for a reason that passes, and follows advice."""
        for _ in range(5):
            response = person.link(self.api(), member)
            if response.status_code == 400 and "POST /integration/v1/user" in str(response.data):
                person.create_user(self.api())
            elif response.status_code not in (409, 429, 503):
                break
            self.pass_time(minutes=10)
        self.log.append(f"{self.now():%m-%d} link: {response.status_code}")

    def set_status(self, member: str, status: str) -> None:
        body = {"connection_status": status}
        self.sandbox.call("PUT", f"/_control/members/{member}", json=body)

    def step(self) -> None:
        """Some days with an event or two."""
        self.pass_time(days=self.chance.choice((1, 2, 4, 9)))
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            person = self.chance.choice(self.people)
            event = self.chance.choices(list(EVENTS), list(EVENTS.values()))[0]
            done = event(self, person)
            if done is not None:
                self.log.append(f"{self.now():%m-%d} {person.client.username}: {done}")
            self.run_jobs()

    def quiet(self) -> None:
        """Nothing fails any more, everybody repairs what is broken, and MX imports once more."""
        self.sandbox.heal()
        self.crash_after = 0
        for person in self.people:
            for member in person.members():
                if member["connection_status"] != "CONNECTED":
                    self.set_status(member["guid"], "CONNECTED")
        for _ in range(2):  # what was restored by the first import gets its data with the next
            self.pass_time(hours=30)
            self.quiet_jobs()

    def quiet_jobs(self) -> None:
        """All webhooks of now, the schedule, and jobs until none is left."""
        self._deliver_webhooks(is_lossy=False)
        reconciliation.reconcile_due()
        for _ in range(MAX_ROUNDS):
            self.pass_time(minutes=20)
            self.run_jobs()
            if not Job.objects.filter(state__in=(JobState.READY, JobState.RUNNING)).exists():
                break

    def run_jobs(self) -> int:
        """Work until nothing is due; a crash ends the process in the middle of a job."""
        count = 0
        with _crashing(self.crash_after) as is_crashed:
            count = runner_drain()
        if is_crashed():
            self.log.append(f"{self.now():%m-%d} crashed")
            self.crash_after = 0
            self.pass_time(minutes=30)  # the lease expires
            count += runner_drain()
        return count

    def _deliver_webhooks(self, *, is_lossy: bool) -> None:
        """Pass on what MX has sent since: some twice, some never, some later."""
        new = self._new_deliveries()
        self.last_delivery = max([row["id"] for row in new], default=self.last_delivery)
        if is_lossy:
            self.chance.shuffle(new)
        for row in new:
            draw = self.chance.random() if is_lossy else 1.0
            if draw < LOST:
                continue
            for _ in range(2 if draw < LOST + DOUBLED else 1):
                self._post_webhook(row["payload"])

    def _new_deliveries(self) -> list[dict[str, Any]]:
        new: list[dict[str, Any]] = []
        path = "/_control/deliveries"
        while True:  # a page at a time, the newest first
            rows = self.sandbox.call("GET", path)["deliveries"]
            unseen = [row for row in rows if row["id"] > self.last_delivery]
            new += unseen
            if not rows or len(unseen) < len(rows):
                return new
            path = f"/_control/deliveries?before={rows[-1]['id']}"

    def _post_webhook(self, payload: Any) -> None:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        secret = f"{self.settings.webhook_user}:{self.settings.webhook_secret}".encode()
        response = HttpClient().post(
            f"/webhooks/mx/{self.settings.webhook_path}",
            text,
            content_type="application/json",
            headers={"Authorization": f"Basic {base64.b64encode(secret).decode()}"},
        )
        assert response.status_code == 202, response.content


def runner_drain() -> int:
    """Run due jobs, a bounded number of them."""
    return runner.drain(limit=5_000)


@contextmanager
def _crashing(after: int) -> Iterator[Callable[[], bool]]:
    """Kill whatever makes the call to MX after `after` others; 0: nothing."""
    calls, crashed = 0, False
    send = Transport.send

    def counted(self: Transport, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if after and calls > after:
            raise Crash
        return send(self, *args, **kwargs)

    with mock.patch.object(Transport, "send", counted):
        try:
            yield lambda: crashed
        except Crash:
            crashed = True
