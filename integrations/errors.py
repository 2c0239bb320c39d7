"""What can be wrong with a tenant's configuration; vendors' own errors are in vendors/errors.py."""


class VendorNotConfigured(Exception):
    """The tenant's vendor settings have to be completed; the message says how."""
