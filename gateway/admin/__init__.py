"""The admin's screens of applications and staff; importing this package registers them.

`admin_site` and `admin_menu` are outside of it, because they are imported before models are loaded.
"""

from gateway.admin import applications, staff

__all__ = ["applications", "staff"]
