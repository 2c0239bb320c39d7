"""Jobs."""

from __future__ import annotations

from factory.declarations import LazyFunction, SubFactory
from factory.django import DjangoModelFactory

from integrations.jobs import job_queue
from integrations.models import Job
from tests.factories.nucleus import TenantFactory


class JobFactory(DjangoModelFactory):  # type: ignore[type-arg]
    class Meta:
        model = Job

    tenant = SubFactory(TenantFactory)
    kind = "test"
    run_at = LazyFunction(job_queue.database_now)
