"""JSON as staff read it: indented, and without secrets."""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

MAX_LENGTH = 50_000  # of what is shown
HIDDEN = "[hidden]"
SECRET_KEY = re.compile(
    r".*(password|secret|token|api_?key|account_number|routing_number|tax_?id|tax_number|ssn"
    r"|widget_url|authorization).*",
    re.IGNORECASE,
)


def without_secrets(value: Any) -> Any:
    """The value with [hidden] in place of whatever the names of its members call secret."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if _is_secret(str(key), item) else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def _is_secret(key: str, value: Any) -> bool:
    return value not in (None, "") and SECRET_KEY.fullmatch(key) is not None


def json_block(value: Any) -> SafeString:
    """The value without secrets, indented. Text is parsed first; if that fails it is hidden."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=str)
        except ValueError:
            return format_html("<p>{}</p>", "This is no JSON, so it is not shown.")
    text = json.dumps(without_secrets(value), indent=2, ensure_ascii=False, default=str)
    if len(text) > MAX_LENGTH:
        text = f"{text[:MAX_LENGTH]}\n… {len(text) - MAX_LENGTH:,} characters more"
    return format_html('<pre class="json-block">{}</pre>', text)
