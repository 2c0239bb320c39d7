"""What tests do to a sandbox of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.sandbox_process import LOGIN, Sandbox
from tests.waiting import PATIENCE, until

Row = dict[str, Any]


@dataclass
class World:
    """A sandbox with one user, who logs in at banks under one name."""

    sandbox: Sandbox
    login: str = LOGIN
    user: str = field(init=False)

    def __post_init__(self) -> None:
        self.user = self.new_user()

    def new_user(self, **values: Any) -> str:
        return str(self.sandbox.call("POST", "/users", json={"user": values})["user"]["guid"])

    def connect(self, password: str = "password", institution: str = "mxbank") -> str:
        """A member, once its first job is over or asks something."""
        member = self.sandbox.connect(self.user, password, institution, self.login)
        self.settle(member)
        return member

    def settle(self, member: str) -> Row:
        """The member's status once nothing runs on it, or it waits for an answer."""
        waiting = ("CHALLENGED", "PENDING")
        return until(
            lambda: self.status(member),
            lambda row: not row["is_being_aggregated"] or row["connection_status"] in waiting,
        )

    def path(self, member: str, remaining: str = "") -> str:
        return f"/users/{self.user}/members/{member}{remaining}"

    def status(self, member: str) -> Row:
        row: Row = self.sandbox.call("GET", self.path(member, "/status"))["member"]
        return row

    def start(self, member: str, job: str, **body: Any) -> tuple[int, Row]:
        """MX's status and answer to asking for a job."""
        url = self.sandbox.base_url + self.path(member, f"/{job}")
        response = self.sandbox.session.post(url, json=body, timeout=PATIENCE)
        return response.status_code, response.json()

    def run(self, member: str, job: str, **body: Any) -> Row:
        """The member after a whole job."""
        assert self.start(member, job, **body)[0] == 202
        return self.settle(member)

    def answer(self, member: str, *values: str) -> Row:
        """The member after its questions were answered in their order."""
        questions = self.sandbox.call("GET", self.path(member, "/challenges"))["challenges"]
        params = [
            {"guid": question["guid"], "value": value}
            for question, value in zip(questions, values, strict=True)
        ]
        body = {"member": {"challenges": params}}
        self.sandbox.call("PUT", self.path(member, "/resume"), json=body)
        return self.settle(member)

    def advance(self, span: str) -> None:
        self.sandbox.call("POST", "/_control/clock", json={"advance": span})

    def rules(self, **rules: Any) -> None:
        self.sandbox.call("PUT", "/_control/settings", json=rules)

    def widget(self, **options: Any) -> str:
        """A link to the Connect widget."""
        path = f"/users/{self.user}/connect_widget_url"
        options = {"ui_message_version": 4, **options}
        return str(self.sandbox.call("POST", path, json=options)["user"]["connect_widget_url"])

    def put(self, member: str, status: str) -> None:
        """Bring a member into a status by order."""
        body = {"connection_status": status}
        self.sandbox.call("PUT", f"/_control/members/{member}", json=body)

    def rows(self, path: str, key: str) -> list[Row]:
        return self.sandbox.listed(f"/users/{self.user}{path}", key)
