"""Monthly statements: real PDF files, the same bytes whenever they are made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO

import pydyf

from sandbox.world import bank_ledger
from sandbox.world.data import account_name
from sandbox.world.ids import guid
from sandbox.world.institutions import INSTITUTIONS
from sandbox.world.json_format import dump_payload, format_cents, format_datetime
from sandbox.world.models import Account, Member, Statement

MONTHS = 3  # complete months before the current one
LINES = 48  # a page
WIDTH, HEIGHT, MARGIN, LEADING = 595, 842, 56, 15  # points; A4
NOTICE = "Sandbox: no real bank, no real money."


def write(member: Member, at: datetime) -> int:
    """Write missing statements; returns their number."""
    accounts = Account.objects.filter(member=member).select_related(
        "user", "member", "bank_account"
    )
    existing = set(Statement.objects.filter(member=member).values_list("account_id", "month"))
    new_statements = [
        _statement(account, month, at)
        for account in accounts
        for month in _months(at.date())
        if (account.pk, month) not in existing
    ]
    Statement.objects.bulk_create(new_statements)
    return len(new_statements)


def _months(today: date) -> Iterator[date]:
    """The first days of the last whole months."""
    first = today.replace(day=1)
    for _ in range(MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        yield first


def _statement(account: Account, month: date, at: datetime) -> Statement:
    name = guid("STA", account.guid, month)
    content = _pdf(_lines(account, month))
    member, user = account.member, account.user
    payload = {
        "account_guid": account.guid,
        "content_hash": hashlib.sha256(content).hexdigest(),
        "created_at": format_datetime(at),
        "guid": name,
        "member_guid": member.guid,
        "updated_at": format_datetime(at),
        "uri": f"/users/{user.guid}/members/{member.guid}/statements/{name}",
        "user_guid": user.guid,
    }
    owner = {"user": user, "member": member, "account": account}
    return Statement(guid=name, month=month, pdf=content, payload=dump_payload(payload), **owner)


def _lines(account: Account, month: date) -> list[str]:
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    changes = account.bank_account.changes.order_by("pk")
    entries = bank_ledger.entries_between(account.bank_account, changes, month, last)
    posted = [entry for entry in entries if entry.posted_at is not None and entry.date <= last]
    rows = [
        f"{entry.date}  {entry.description or '':<44.44}"
        f"{format_cents(entry.cents if entry.is_credit else -entry.cents):>14}"
        for entry in posted
    ]
    paid_in = sum(entry.cents for entry in posted if entry.is_credit)
    paid_out = sum(entry.cents for entry in posted if not entry.is_credit)
    return [
        INSTITUTIONS[account.member.institution_code].name,
        f"Statement of {account_name(account)}, account ending in {account.number[-4:]}",
        f"{month} to {last}",
        "",
        *(rows or ["No transactions in this month."]),
        "",
        f"{'Paid in':<56}{format_cents(paid_in):>14}",
        f"{'Paid out':<56}{format_cents(-paid_out):>14}",
        "",
        NOTICE,
    ]


def _pdf(lines: list[str]) -> bytes:
    pdf = pydyf.PDF()
    face = {"Subtype": "/Type1", "BaseFont": "/Courier", "Encoding": "/WinAnsiEncoding"}
    font = pydyf.Dictionary({"Type": "/Font", **face})
    pdf.add_object(font)
    for start in range(0, len(lines), LINES):
        text = _page(lines[start : start + LINES])
        pdf.add_object(text)
        page = {
            "Type": "/Page",
            "Parent": pdf.pages.reference,
            "MediaBox": pydyf.Array([0, 0, WIDTH, HEIGHT]),
            "Resources": pydyf.Dictionary({"Font": pydyf.Dictionary({"F1": font.reference})}),
            "Contents": text.reference,
        }
        pdf.add_page(pydyf.Dictionary(page))
    buffer = BytesIO()
    pdf.write(buffer)
    return buffer.getvalue()


def _page(lines: list[str]) -> pydyf.Stream:
    text = pydyf.Stream(compress=True)
    text.begin_text()
    text.set_font_size("F1", 10)
    text.move_text_to(MARGIN, HEIGHT - MARGIN)
    for line in lines:
        text.show_text_string(line.encode("cp1252", "replace"))  # the font's own letters
        text.move_text_to(0, -LEADING)
    text.end_text()
    return text
