"""What can be wrong with a tenant's configuration; vendors' own errors are in vendors/errors.py."""


class VendorNotConfigured(Exception):
    """The tenant's vendor settings have to be completed; the message says how.

    Args:
        vendor: the slug of the vendor whose settings these are.
    """

    def __init__(self, message: str, *, vendor: str) -> None:
        super().__init__(message)
        self.vendor = vendor
