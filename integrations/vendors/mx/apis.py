"""The APIs of MX that the adapter speaks: the table from which it picks a dialect."""

from __future__ import annotations

from integrations.vendors import errors
from integrations.vendors.base import VendorConfig
from integrations.vendors.mx import atrium_api, platform_api
from integrations.vendors.mx.dialect import Dialect
from integrations.vendors.spec import ApiSpec

APIS = {"platform": platform_api.API, "atrium": atrium_api.API}  # new credentials: the first
DIALECTS = {
    (dialect.api, dialect.version): dialect
    for dialect in (atrium_api.V1, platform_api.V20111101, platform_api.V20250224)
}


def dialect_of(config: VendorConfig) -> Dialect:
    """The dialect of the configured API; of its newest version where the configuration has none.

    Raises VendorUnsupported for an API or a version that is not in the table.
    """
    api: ApiSpec | None = APIS.get(config.api)
    version = config.api_version or (api.versions[-1] if api else "")
    try:
        return DIALECTS[config.api, version]
    except KeyError:
        raise errors.VendorUnsupported(
            f"MX's API {config.api!r} {version!r} is not one that the gateway speaks.", vendor="mx"
        ) from None
