"""/resource/currency, /country and /state."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from nucleus import iso_codes
from tests.api import Api

BASE = "/nucleus/v1/resource"


def test_currencies_are_those_of_iso_4217(api: Api):
    rows = api.get(f"{BASE}/currency").data
    codes = [row["alphabetic_code"] for row in rows]
    assert codes == sorted(set(codes))
    assert {"USD", "EUR", "CAD", "XCG"} <= set(codes)
    assert not iso_codes.WITHDRAWN_CURRENCIES & set(codes)
    lek = next(row for row in rows if row["alphabetic_code"] == "ALL")
    # Written out: ids are the same in every installation, for ever.
    assert lek == {
        "id": "268246c3-75db-5482-a8e8-9e3514f3ca88",
        "alphabetic_code": "ALL",
        "currency": "Lek",
        "numeric_code": "008",
    }
    assert len({UUID(row["id"]) for row in rows}) == len(rows)


def test_countries_are_those_of_iso_3166(api: Api):
    rows = api.get(f"{BASE}/country").data
    assert len(rows) == 249
    assert next(row for row in rows if row["alpha2_code"] == "AF") == {
        "alpha2_code": "AF",
        "alpha3_code": "AFG",
        "country": "Afghanistan",
        "numeric_code": 4,
        "latitude": None,
        "longitude": None,
    }


@pytest.mark.parametrize("query", [{}, {"country_code": ""}, {"country_code": "None"}])
def test_states_default_to_the_united_states(api: Api, query: dict[str, str]):
    rows = api.get(f"{BASE}/state", **query).data
    assert {row["country_code"] for row in rows} == {"US"}
    assert {"abbreviation": "AL", "country_code": "US", "state": "Alabama"} in rows


def test_states_of_another_country(api: Api):
    rows = api.get(f"{BASE}/state", country_code="ca").data
    assert len(rows) == 13
    assert {"abbreviation": "QC", "country_code": "CA", "state": "Quebec"} in rows
    assert api.get(f"{BASE}/state", country_code="AQ").data == []  # Antarctica has none


@pytest.mark.parametrize("code", ["XX", "USA", "U", "1", "ÜS", "\xdf"])
def test_an_unknown_country_is_a_400(api: Api, code: str):
    response = api.get(f"{BASE}/state", country_code=code)
    assert response.status_code == 400
    assert "two-letter country code" in response.data["errors"]["country_code"][0]


def test_the_tables_are_well_formed():
    codes = {row.alpha2_code for row in iso_codes.countries()}
    assert all(iso_codes.is_country(code) for code in codes)
    for code in codes:
        abbreviations = [row.abbreviation for row in iso_codes.states(code)]
        assert len(set(abbreviations)) == len(abbreviations)
        assert all(re.fullmatch(r"[A-Z0-9]{1,3}", name) for name in abbreviations)
    for row in iso_codes.currencies():
        assert re.fullmatch(r"[A-Z]{3}", row.alphabetic_code)
        assert re.fullmatch(r"[0-9]{3}", row.numeric_code)
