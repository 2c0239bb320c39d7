"""Screens for staff. Their actions call flows; stored secrets are never shown."""

from integrations.admin import (  # noqa: F401 - registers the screens
    accounts,
    api_moves,
    audit,
    connections,
    credentials,
    customers,
    duplicates,
    erasures,
    inbound_webhooks,
    jobs,
    members,
    settings,
    webhooks,
)
