"""What staff see. Actions call flows; secrets go in and never come out."""

from integrations.admin import (  # noqa: F401 - registers the screens
    credentials,
    erasures,
    records,
    settings,
    webhooks,
)
