"""Amounts and times in the templates of the admin."""

from __future__ import annotations

from django import template

from nucleus import amounts
from nucleus.instants import instant_text

register = template.Library()
register.filter("money", amounts.money)
register.filter("number", amounts.number)
register.filter("instant", instant_text)
register.filter("direction", amounts.direction_name)
