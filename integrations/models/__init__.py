"""What is kept about vendors: credentials, settings, mappings, jobs, audit."""

from integrations.models.api_moves import ApiMove
from integrations.models.async_runs import AsyncTransaction
from integrations.models.audit import AuditLog
from integrations.models.credentials import CredentialHealth, VendorCredential
from integrations.models.diagnoses import Diagnosis
from integrations.models.duplicates import AccountMerge, MergedEntry, PossibleDuplicate
from integrations.models.erasures import Erasure
from integrations.models.inbound_webhooks import InboundWebhook
from integrations.models.jobs import Job, JobState
from integrations.models.links import (
    AccountLink,
    DeletedAccount,
    Member,
    VendorUser,
    VerifiedLink,
)
from integrations.models.outbound_webhooks import (
    OutboundEvent,
    WebhookDelivery,
    WebhookSubscription,
)
from integrations.models.settings import AggregationSettings, VerificationSettings

__all__ = [
    "AccountLink",
    "AccountMerge",
    "AggregationSettings",
    "ApiMove",
    "AsyncTransaction",
    "AuditLog",
    "CredentialHealth",
    "DeletedAccount",
    "Diagnosis",
    "Erasure",
    "InboundWebhook",
    "Job",
    "JobState",
    "Member",
    "MergedEntry",
    "OutboundEvent",
    "PossibleDuplicate",
    "VendorCredential",
    "VendorUser",
    "VerificationSettings",
    "VerifiedLink",
    "WebhookDelivery",
    "WebhookSubscription",
]
