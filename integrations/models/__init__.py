"""What is kept about vendors: keys, settings, mappings, jobs, audit."""

from integrations.models.audit import AuditLog
from integrations.models.credentials import VendorCredential
from integrations.models.jobs import Job, JobState
from integrations.models.links import AccountLink, Member, VendorUser, VerifiedLink
from integrations.models.settings import AggregationSettings, VerificationSettings

__all__ = [
    "AccountLink",
    "AggregationSettings",
    "AuditLog",
    "Job",
    "JobState",
    "Member",
    "VendorCredential",
    "VendorUser",
    "VerificationSettings",
    "VerifiedLink",
]
