"""A line of balances over time, as the points of an SVG polyline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from nucleus.models import AggregationAccountBalance

WIDTH, HEIGHT, MARGIN = 600, 120, 6
MIN_POINTS = 2


@dataclass(frozen=True, slots=True)
class BalancePicture:
    """`points` from the oldest to the newest balance; `zero` is the height of 0, if it is shown."""

    points: str
    zero: int | None
    lowest: Decimal
    highest: Decimal
    currency_code: str
    width: int = WIDTH
    height: int = HEIGHT


def picture_of(balances: Sequence[AggregationAccountBalance]) -> BalancePicture | None:
    """The picture of balances, newest first; of those in the newest one's currency.

    None for fewer than two, of which there is nothing to see.
    """
    code = balances[0].currency_code if balances else ""
    values = [
        (row.balance_time_stamp.timestamp(), row.balance)
        for row in reversed(balances)
        if row.balance is not None and row.currency_code == code
    ]
    if len(values) < MIN_POINTS:
        return None
    amounts = [amount for _, amount in values]
    lowest, highest = min(amounts), max(amounts)
    start, seconds = values[0][0], (values[-1][0] - values[0][0]) or 1

    def height_of(amount: Decimal) -> int:
        share = (amount - lowest) / (highest - lowest) if highest > lowest else Decimal("0.5")
        return HEIGHT - MARGIN - int(share * (HEIGHT - 2 * MARGIN))

    points = " ".join(
        f"{MARGIN + int((moment - start) / seconds * (WIDTH - 2 * MARGIN))},{height_of(amount)}"
        for moment, amount in values
    )
    zero = height_of(Decimal(0)) if lowest < 0 < highest else None
    return BalancePicture(points, zero, lowest, highest, code)
