"""Checks of a running installation and of each tenant: what is wrong, and how to fix it."""
