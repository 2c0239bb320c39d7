"""manage.py reset_second_factor: let somebody in who has lost their second factor."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.access import second_factor, staff_sessions


class Command(BaseCommand):
    help = (
        "Remove the second factor and recovery codes of a member of staff, and end their sessions."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        had_one = second_factor.reset(user)
        staff_sessions.end(staff_sessions.of_user(user))
        self.stdout.write("Removed." if had_one else "There was none.")
