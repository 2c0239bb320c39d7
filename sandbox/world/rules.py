"""Settings that can change while the sandbox runs; a restart resets them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.conf import settings

FLOWS = ("default", "legacy")
FEATURES = ("verify", "identify", "extend_history", "fetch_statements")


@dataclass(slots=True)
class Rules:
    """Limits and habits; the figures are MX's unless the environment says otherwise."""

    job_seconds: float = settings.JOB_SECONDS
    user_limit: int = settings.USER_LIMIT  # of MX's development environment; 0: none
    member_limit: int = 25  # a user
    verification_flow: str = settings.VERIFICATION_FLOW  # legacy: no account is selected
    disabled_features: list[str] = field(default_factory=list)  # answered 403
    background_aggregation: bool = True
    numbers_with_aggregation: bool = True  # False: verified numbers change by verification only

    def change(self, changes: dict[str, Any]) -> None:
        """Apply the changes, all or none.

        Raises:
            ValueError, TypeError: an unknown name, or a value that does not fit.
        """
        names = {item.name for item in fields(self)}
        if unknown := set(changes) - names:
            raise ValueError(
                f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(names))}."
            )
        for name, value in changes.items():
            _check(name, value, getattr(self, name))
        for name, value in changes.items():
            setattr(self, name, value)

    def restore(self) -> None:
        """As the environment says."""
        self.change(Rules().as_dict())

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _check(name: str, value: Any, present: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(present, bool):
        fits = isinstance(value, bool)
    elif isinstance(present, int | float):
        fits = is_number and 0 <= value <= 10**6 and (name == "job_seconds" or value == int(value))
    elif name == "verification_flow":
        fits = value in FLOWS
    else:
        fits = isinstance(value, list) and set(value) <= set(FEATURES)
    if not fits:
        options = {"verification_flow": FLOWS, "disabled_features": FEATURES}.get(name)
        raise ValueError(
            f"{name} cannot be {value!r}" + (f"; known: {options}." if options else ".")
        )


RULES = Rules()
