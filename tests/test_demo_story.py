"""`make demo`: exit code 0 exactly when Nucleus holds what MX serves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from demo import bank, comparison, stack, story
from tests import stack as stacks

BALANCE = ("balance", "Checking", Decimal("10.00"), None, None)
HOLDING = ("holding", "Broker", "IDX", Decimal(3), Decimal("9.99"), None)


@pytest.mark.embedded
@pytest.mark.parametrize("mx_api", ["platform/v20111101", "atrium"])
def test_it_starts_its_own_stack_and_leaves_nothing_behind(tmp_path: Path, mx_api: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.story", "--api", mx_api],
        cwd=stack.ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path), "SANDBOX_JOB_SECONDS": "0.2"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # only a hang takes as long
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert mx_api in done.stdout
    assert "Nucleus equals MX to the cent" in done.stdout
    assert "Verified" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_it_can_run_twice_and_a_lost_transaction_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Told twice on one stack, because nothing of the first time may disturb the second."""
    with stacks.running() as running:
        assert story.run(running)
        assert story.run(running)
        capsys.readouterr()
        api, mx = running.api(), bank.Mx(running.sandbox, "sandbox-client-id", "wrong-key")
        with pytest.raises(bank.BankError, match="401"):
            mx.call("GET", "/users")
        client = next(iter(comparison.rows(api, "client", "is_active==true")))
        facts = comparison.stored(api, client["id"])
    lost = next(fact for fact in facts if fact[0] == "transaction")
    assert not story.compare(facts, facts - Counter([lost]))
    assert f"missing: {' | '.join(str(part) for part in lost)}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("actual", "text"),
    [
        (Counter([BALANCE]), "missing: holding | Broker | IDX | 3 | 9.99"),
        (Counter([BALANCE, HOLDING, HOLDING]), "extra: holding | Broker"),
        (Counter([HOLDING, ("balance", "Checking", Decimal("10.01"), None, None)]), "10.01"),
    ],
)
def test_every_kind_of_difference_counts(
    actual: comparison.Facts, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not story.compare(Counter([BALANCE, HOLDING]), actual)
    assert text in capsys.readouterr().out


def test_equal_is_equal_however_the_zeros_are_written() -> None:
    written = ("balance", "Checking", Decimal("10.0"), None, None)
    assert story.compare(Counter([BALANCE]), Counter([written]))
