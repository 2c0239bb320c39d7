"""Vendors' names of events and calls in the words that staff read."""

from __future__ import annotations

import re

# Vendors' words that mean something else to staff.
STAFF_TERMS = {"member": "connection", "members": "connections"}
SEPARATORS = re.compile(r"[\s._]+")


def in_staff_terms(name: str) -> str:
    """The name as words in lower case, such as "connection updated"; empty for none."""
    terms = SEPARATORS.split(name.lower().strip())
    return " ".join(STAFF_TERMS.get(term, term) for term in terms)
