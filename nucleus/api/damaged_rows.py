"""Lists in which a row cannot be decrypted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from nucleus.encryption import DecryptionFailed, blank_unreadable

logger = logging.getLogger(__name__)
UNREADABLE = (
    "Cannot be decrypted and therefore null: {}. Staff: `manage.py doctor` and the log say more."
)


class DamageTolerant:
    """Renders rows of a list, even if the encrypted values of some cannot be decrypted.

    Such a row is shown without them and says so in `message`, so that the others can be read.
    """

    def __init__(self, render: Callable[[Any], dict[str, Any]]) -> None:
        self._render = render
        self._readable = 0
        self._failure: DecryptionFailed | None = None

    def __call__(self, row: Any) -> dict[str, Any]:
        try:
            body = self._render(row)
        except DecryptionFailed as failure:
            self._failure = failure
            names = blank_unreadable(row)
            logger.error("%s %s: cannot be decrypted: %s", row._meta.label, row.pk, names)
            return self._render(row) | {"message": UNREADABLE.format(", ".join(names))}
        self._readable += 1
        return body

    def check(self) -> None:
        """Raise DecryptionFailed when no row could be decrypted.

        Then a key is missing, and nulls would look like data.
        """
        if self._failure is not None and not self._readable:
            raise self._failure
