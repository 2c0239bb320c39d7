"""What MX's lists of a whole user go on showing of members that were deleted.

Lists of a member or an account are gone at once; only MX Platform's user-wide lists have ghosts.
"""

from __future__ import annotations

from django.db import transaction

from sandbox.world.models import Account, Ghost, Member, Transaction


def delete_member(member: Member) -> None:
    """Delete the member; its accounts and transactions stay in the lists of its user."""
    with transaction.atomic():
        ghosts = [
            Ghost(user=member.user, kind=model._meta.model_name, **row)
            for model, names in (
                (Account, ("guid", "payload")),
                (Transaction, ("guid", "payload", "date")),
            )
            for row in model._default_manager.filter(member=member).order_by("pk").values(*names)
        ]
        Ghost.objects.bulk_create(ghosts, batch_size=500)
        member.delete()
