"""Say in one sentence whether this Python can run the book."""

import sys

found = sys.version_info[:2]
if not (3, 11) <= found <= (3, 13):
    sys.exit(
        f"The book needs Python 3.11, 3.12 or 3.13, and {sys.argv[1]} is Python {found[0]}.{found[1]}. "
        "Name one that fits, for example: make setup PYTHON=python3.12"
    )
