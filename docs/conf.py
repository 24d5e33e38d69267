"""The documentation as a site: scripts/docs.sh builds it."""

import os
import pathlib
import re

root = pathlib.Path(__file__).parent.parent

project = "synapsnet"
author = "The synapsnet authors"
copyright = "The synapsnet authors"
version = release = re.search(r"project\(synapsnet VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text())[1]

extensions = ["myst_parser", "breathe"]
exclude_patterns = ["requirements.txt"]
smartquotes = False  # options stay --options
nitpicky = True
# Types of C and of the compiler, which no page describes.
nitpick_ignore_regex = [("c:identifier", r"(u?int\d+|size)_t")]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4

breathe_projects = {"synapsnet": os.environ.get("DOXYGEN_XML", "")}
breathe_default_project = "synapsnet"
breathe_domain_by_extension = {"h": "c"}
c_id_attributes = ["SYN_API"]

html_theme = "furo"
html_title = f"synapsnet {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
