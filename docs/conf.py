"""Settings of Sphinx, which makes the site of these pages: `make docs`."""

import re
from typing import Any

project = "Integration gateway"
copyright = ""  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser"]
root_doc = "index"
html_theme = "furo"
html_title = project
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
myst_heading_anchors = 4  # as GitHub makes them, which links use
suppress_warnings = ["misc.highlighting_failure"]  # diagrams in Mermaid stay text
OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./(?!images)[^)\s]+\)")  # of docs/: files of the repository


def _unlink(app: Any, name: str, source: list[str]) -> None:
    """Leave links to files that are not pages of the site as text."""
    pattern = OUTSIDE if "/" not in name else re.compile(r"\[([^\]]+)\]\(\.\./\.\./[^)\s]+\)")
    source[0] = pattern.sub(r"\1", source[0])


def setup(app: Any) -> None:
    app.connect("source-read", _unlink)
