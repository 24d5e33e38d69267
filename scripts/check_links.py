"""Whether every link inside a built site leads somewhere: scripts/check_links.py FOLDER [DOCUMENT.md...]

Every relative href and src must name a file of the folder, and every #anchor an id on its page. In the Markdown documents, which
are no part of the site, every relative link must name a file.
"""

import html.parser
import pathlib
import re
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.ids = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids.update(attributes[name] for name in ("id", "name") if attributes.get(name))
        self.links.extend(attributes[name] for name in ("href", "src") if attributes.get(name))


def broken(folder):
    pages = {path.resolve(): Page(path) for path in folder.rglob("*.html")}
    for path, page in pages.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{path.relative_to(folder)}: no file for {link}"
            elif url.fragment and target in pages and urllib.parse.unquote(url.fragment) not in pages[target].ids:
                yield f"{path.relative_to(folder)}: no anchor for {link}"
    yield from () if pages else ["no pages found"]
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links", file=sys.stderr)


def broken_in_markdown(path):
    for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in link and not (path.parent / link).exists():
            yield f"{path}: no file for {link}"


if __name__ == "__main__":
    faults = list(broken(pathlib.Path(sys.argv[1]).resolve()))
    for name in sys.argv[2:]:
        faults += broken_in_markdown(pathlib.Path(name))
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(bool(faults))
