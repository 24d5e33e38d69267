"""Puts tables between the two lines of a document that say so:  python section.py DOCUMENT TABLES..."""
import sys
from pathlib import Path

BEGIN, END = "<!-- peers: begin -->\n", "<!-- peers: end -->\n"

document = Path(sys.argv[1])
before, rest = document.read_text().split(BEGIN)
_, after = rest.split(END)
tables = "\n\n".join(Path(path).read_text().strip() for path in sys.argv[2:])
document.write_text(before + BEGIN + "\n" + tables + "\n\n" + END + after)
