"""Members go through MX's statuses, ask MX's questions and fail in MX's ways."""

from __future__ import annotations

import base64
import time

import pytest

from sandbox.world.statuses import STATUSES
from tests.waiting import PATIENCE
from tests.world import Row, World

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_first_import_moves_through_every_stage(world: World):
    world.rules(job_seconds=1.5)
    member = world.sandbox.connect(world.user)
    observed: list[Row] = []
    while not observed or observed[-1]["status"] != "COMPLETED":
        row = world.status(member)
        observed.append({name: row[name] for name in sorted(row) if not name.endswith("_at")})
        assert len(observed) < 1000
    statuses = list(dict.fromkeys(row["status"] for row in observed))
    assert statuses in (
        ["INITIATED", "REQUESTED", "RECEIVED", "TRANSFERRED", "PROCESSED", "COMPLETED"],
        ["INITIATED", "REQUESTED", "TRANSFERRED", "PROCESSED", "COMPLETED"],
    )
    steps = list(
        dict.fromkeys(
            (
                row["connection_status"],
                row["is_authenticated"],
                row["has_processed_accounts"],
                row["has_processed_transactions"],
                row["is_being_aggregated"],
            )
            for row in observed
        )
    )
    assert steps == [
        ("CREATED", False, False, False, True),
        ("CONNECTED", True, False, False, True),
        ("CONNECTED", True, True, False, True),
        ("CONNECTED", True, True, True, False),
    ]
    assert "challenges" not in observed[-1]


def test_progress_begins_again_with_every_job(world: World):
    member = world.connect()
    world.rules(job_seconds=60)
    world.start(member, "aggregate")
    row = world.status(member)
    assert row["status"] == "INITIATED"
    assert not row["is_authenticated"]
    assert not row["has_processed_accounts"]
    assert not row["has_processed_transactions"]
    assert row["connection_status"] == "CONNECTED"  # still, while it is imported again


@pytest.mark.parametrize(
    ("password", "kind", "extra"),
    [
        ("challenge", "TEXT", set()),
        ("options", "OPTIONS", {"options"}),
        ("image", "IMAGE_DATA", {"image_data"}),
        ("image_options", "IMAGE_OPTIONS", {"image_options"}),
        ("token", "TOKEN", set()),
    ],
)
def test_every_kind_of_question(world: World, password: str, kind: str, extra: set[str]):
    member = world.connect(password)
    assert world.status(member)["connection_status"] == "CHALLENGED"
    (question,) = world.status(member)["challenges"]
    assert set(question) == {"field_name", "guid", "label", "type"} | extra
    assert question["type"] == kind
    if kind == "IMAGE_DATA":
        assert base64.b64decode(question["image_data"]).startswith(PNG)
    for option in question.get("image_options", []):
        assert set(option) == {"label", "value", "data_uri"}
        content = option["data_uri"].removeprefix("data:image/png;base64,")
        assert base64.b64decode(content).startswith(PNG)
    assert world.answer(member, "wrong")["connection_status"] == "REJECTED"
    assert world.status(member)["status"] == "DENIED"
    assert world.run(member, "aggregate")["connection_status"] == "CHALLENGED"  # it may try again
    assert world.answer(member, "correct")["connection_status"] == "CONNECTED"


def test_two_questions_at_once(world: World):
    member = world.connect("questions")
    assert len(world.status(member)["challenges"]) == 2
    first = world.status(member)["challenges"][0]["guid"]
    url = world.sandbox.base_url + world.path(member, "/resume")
    half = {"member": {"challenges": [{"guid": first, "value": "correct"}]}}
    assert world.sandbox.session.put(url, json=half, timeout=PATIENCE).status_code == 400
    assert world.answer(member, "correct", "wrong")["connection_status"] == "REJECTED"
    world.run(member, "aggregate")
    assert world.answer(member, "correct", "correct")["connection_status"] == "CONNECTED"


def test_an_answer_is_resumed_before_it_is_judged(world: World):
    member = world.connect("challenge")
    world.rules(job_seconds=60)
    (question,) = world.status(member)["challenges"]
    body = {"member": {"challenges": [{"guid": question["guid"], "value": "correct"}]}}
    row = world.sandbox.call("PUT", world.path(member, "/resume"), json=body)["member"]
    assert (row["connection_status"], row["status"]) == ("RESUMED", "RECEIVED")
    world.advance("2m")
    assert world.status(member)["connection_status"] == "CONNECTED"


def test_a_question_that_nobody_answers_expires(world: World):
    member = world.connect("challenge")
    world.advance("9m")
    assert world.status(member)["connection_status"] == "CHALLENGED"
    world.advance("2m")
    row = world.status(member)
    assert (row["connection_status"], row["status"]) == ("EXPIRED", "HALTED")
    assert not row["is_being_aggregated"]


@pytest.mark.parametrize(
    "text",
    [
        status
        for status in STATUSES
        if status not in ("CONNECTED", "CHALLENGED", "PENDING", "DELAYED")
    ],
)
def test_statuses_are_described(world: World, text: str):
    assert world.status(world.connect(text))["connection_status"] == text


def test_every_status_can_be_ordered(world: World, subtests: pytest.Subtests):
    """After any other one: the member goes through all of them."""
    member = world.connect()
    for status in STATUSES:
        with subtests.test(status):
            world.put(member, status)
            row = world.status(member)
            assert row["connection_status"] == status
            assert ("challenges" in row) == (status == "CHALLENGED")


def test_a_delayed_import_arrives_late(world: World):
    world.rules(job_seconds=60)
    member = world.sandbox.connect(world.user, "DELAYED")
    world.advance("1m")
    row = world.status(member)
    assert (row["connection_status"], row["is_being_aggregated"]) == ("DELAYED", True)
    world.advance("21m")
    assert world.status(member)["connection_status"] == "CONNECTED"


@pytest.mark.parametrize(
    ("password", "statuses"),
    [
        ("UNAUTHORIZED", ["DENIED", "DENIED", "PREVENTED", "PREVENTED"]),
        ("SERVER_ERROR", ["FAILED", "FAILED", "DEGRADED", "DEGRADED"]),
    ],
)
def test_repeated_failures_end_in_another_status(world: World, password: str, statuses: list[str]):
    world.rules(background_aggregation=False)
    member = world.connect(password)
    matches = [world.status(member)["connection_status"]]
    for _ in statuses[1:]:
        matches.append(world.run(member, "aggregate")["connection_status"])
    assert matches == statuses


def test_new_credentials_end_the_prevention(world: World):
    member = world.connect("PREVENTED")
    code, response = world.start(member, "aggregate")
    assert (code, response["member"]["is_being_aggregated"]) == (202, False)
    fields = world.sandbox.call("GET", world.path(member, "/credentials"))["credentials"]
    values = [{"guid": field["guid"], "value": "password"} for field in fields]
    body = {"member": {"credentials": values}}
    row = world.sandbox.call("PUT", world.path(member), json=body)["member"]
    assert row["connection_status"] == "UPDATED"
    assert world.settle(member)["connection_status"] == "CONNECTED"


def test_two_weeks_of_failures_disconnect(world: World):
    member = world.connect("SERVER_ERROR")
    world.advance("15d")  # background attempts, once a day
    assert world.status(member)["connection_status"] == "DISCONNECTED"


def test_members_are_imported_once_a_day_by_themselves(world: World):
    member = world.connect()
    first = world.status(member)["successfully_aggregated_at"]
    world.advance("23h")
    assert world.status(member)["successfully_aggregated_at"] == first
    world.advance("2h")
    second = world.status(member)["successfully_aggregated_at"]
    assert second > first
    body = {"member": {"background_aggregation_is_disabled": True}}
    world.sandbox.call("PUT", world.path(member), json=body)
    world.advance("3d")
    assert world.status(member)["successfully_aggregated_at"] == second


def test_a_connected_login_gets_no_question_in_the_background(world: World):
    member = world.connect("challenge")
    world.answer(member, "correct")
    world.advance("2d")
    assert world.status(member)["connection_status"] == "CONNECTED"


def test_a_member_that_skips_aggregation_waits_for_it(world: World):
    fields = world.sandbox.call("GET", "/institutions/mxbank/credentials")["credentials"]
    values = [{"guid": field["guid"], "value": "password"} for field in fields]
    value = {"institution_code": "mxbank", "credentials": values, "skip_aggregation": True}
    path = f"/users/{world.user}/members"
    row = world.sandbox.call("POST", path, json={"member": value})["member"]
    assert (row["connection_status"], row["is_being_aggregated"]) == ("CREATED", False)
    assert row["aggregated_at"] is None
    time.sleep(0.4)
    assert world.rows("/accounts", "accounts") == []
    assert world.run(row["guid"], "aggregate")["connection_status"] == "CONNECTED"
