"""MX. Everything that knows MX's words is in this folder; README.md lists its quirks."""

from integrations.vendors.mx.adapter import SPEC

__all__ = ["SPEC"]
