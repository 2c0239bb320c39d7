"""Lists with rows that cannot be decrypted."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from nucleus.models import BankLink, Client
from tests.api import Api
from tests.factories.nucleus import BankLinkFactory

PATH = "/nucleus/v1/bank_link"


@pytest.fixture
def links(nucleus_client: Client) -> list[Any]:
    return list(BankLinkFactory.create_batch(3, client=nucleus_client))


def damage(link: BankLink, column: str = "bank_account_number") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE nucleus_banklink SET {column} = %s WHERE id = %s",  # noqa: S608 - a constant
            ["gAAAA-damaged", link.pk if connection.vendor == "postgresql" else link.pk.hex],
        )


def list_rows(api: Api) -> dict[str, Any]:
    response = api.get(PATH)
    assert response.status_code == 200, response.data
    return {row["id"]: row for row in response.data["content"]}


def test_rows_beside_a_damaged_one_are_listed(
    api: Api, links: list[Any], caplog: pytest.LogCaptureFixture
):
    intact = list_rows(api)
    damage(links[1])
    rows = list_rows(api)
    damaged = str(links[1].pk)
    assert {pk: row for pk, row in rows.items() if pk != damaged} == {
        pk: row for pk, row in intact.items() if pk != damaged
    }
    row = rows[damaged]
    message = row.pop("message")
    assert "bank_account_number" in message
    assert "routing" not in message
    assert row == intact[damaged] | {"bank_account_number": None}
    assert damaged in caplog.text
    single = api.get(f"{PATH}/{damaged}")
    assert (single.status_code, single.data["code"]) == (503, "decryption_failed")
    with connection.cursor() as cursor:  # nothing was written back
        cursor.execute(
            "SELECT count(*) FROM nucleus_banklink WHERE bank_account_number LIKE 'gAAAA-d%%'"
        )
        assert cursor.fetchone() == (1,)


def test_a_ciphertext_of_another_row_counts_as_damaged(api: Api, links: list[Any]):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nucleus_banklink SET routing = (SELECT min(routing) FROM nucleus_banklink)"
        )
    rows = list_rows(api)
    assert sorted(row["routing"] is None for row in rows.values()) == [False, True, True]


def test_without_the_key_the_list_is_a_503(api: Api, links: list[Any], settings: Any):
    """Nulls everywhere would look as if there were no numbers."""
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    response = api.get(PATH)
    assert (response.status_code, response.data["code"]) == (503, "decryption_failed")
    assert api.get(PATH, filter="mask==0000").status_code == 200  # nothing to decrypt
