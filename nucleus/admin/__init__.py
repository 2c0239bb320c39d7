"""Screens of the admin for what Nucleus holds."""

from nucleus.admin import (  # noqa: F401 - registers the screens
    accounts,
    currency_rates,
    entries,
    owners,
    staff_actions,
    tenants,
)
