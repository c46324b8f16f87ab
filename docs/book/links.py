"""Follows every link of a built book: files must be there, and what stands after a # must be an id on their page.

Nothing outside the folder counts, and nothing is fetched. Pages that only forward (404.html) and the one with all pages are left out.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page points at, with the lines, and what can be pointed at in it."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[tuple[int, str]] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.links.append((self.getpos()[0], value))


def main(book: Path) -> int:
    left_out = {book / "404.html", book / "print.html"}
    pages = {path: Page(path) for path in sorted(book.rglob("*.html")) if path not in left_out}
    wrong, followed = [], 0
    for path, page in pages.items():
        for line, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            followed += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = f"{path.relative_to(book)}:{line}: {link}"
            if not target.is_relative_to(book) or not target.is_file():
                wrong.append(f"{place}: nothing is there")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                wrong.append(f"{place}: the page has no such place")
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    print(f"{len(pages)} pages, {followed} links followed, {len(wrong)} lead nowhere")
    return 1 if wrong or not followed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
