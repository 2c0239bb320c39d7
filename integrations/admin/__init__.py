"""What staff see. Actions call flows; secrets go in and never come out."""

from integrations.admin import credentials, records, settings, webhooks  # noqa: F401 - registers the screens
