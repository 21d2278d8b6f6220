"""The words to translate: collected from Python and templates, merged, compiled and checked.

Babel alone does it, so that nobody needs gettext installed.

    tools/messages.py            collect, merge into locale/*/LC_MESSAGES/django.po, compile
    tools/messages.py --compile  compile only (set-up)
    tools/messages.py --check    say what is missing, untranslated or broken; write nothing
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ["zh_Hans"]
ELSEWHERE = {".venv", "var", "tools", "tests", "benchmarks", "node_modules", "locale"}
SINGULAR, CONTEXT = None, ((1, "c"), 2)
PLURAL, CONTEXT_PLURAL = (1, 2), ((1, "c"), 2, 3)
KEYWORDS = {
    **dict.fromkeys(["_", "_now", "gettext", "gettext_lazy", "gettext_noop"], SINGULAR),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], PLURAL),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], CONTEXT),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], CONTEXT_PLURAL),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|{\w*}")


def sources() -> Iterator[Path]:
    """Every file that may hold words, in a fixed order."""
    for path in sorted([*ROOT.rglob("*.py"), *ROOT.rglob("templates/**/*.*")]):
        parts = set(path.relative_to(ROOT).parts)
        if not parts & ELSEWHERE and path.suffix in {".py", ".html", ".txt", ".svg"}:
            yield path


def as_python(path: Path) -> bytes:
    """A template with all but its words blanked out; unindented, since Python minds indents."""
    from django.utils.translation.template import templatize

    text = templatize(path.read_text(), origin=str(path))
    return "\n".join(line.strip() for line in text.splitlines()).encode()


def collected() -> Catalog:
    """What the code says today."""
    catalog = Catalog(domain="django")
    for path in sources():
        text = path.read_bytes() if path.suffix == ".py" else as_python(path)
        found = extract(
            "python", io.BytesIO(text), KEYWORDS, ["Translators:"], {"encoding": "utf-8"}
        )
        for _line, message, comments, context in found:
            if message and message != "":
                place = [(str(path.relative_to(ROOT)), 0)]
                catalog.add(message, None, place, auto_comments=comments, context=context)
    return catalog


def po_file(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    path = po_file(language)
    if not path.exists():
        return Catalog(locale=language, domain="django", project="After-sales", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def merge(language: str) -> None:
    """Bring new words in and drop old ones. No guesses: a new word is empty until translated."""
    catalog, path = read(language), po_file(language)
    found = collected()
    found.creation_date = catalog.creation_date  # else every run would change the file
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, include_lineno=False, ignore_obsolete=True)
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b"\n")


def compile_all() -> None:
    for path in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.parent.parent.name)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


def translations(message: Message) -> list[str]:
    """The words of the other language: one, or one per plural form."""
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def faults(message: Message) -> Iterator[str]:
    """What keeps one entry from being shown as it should."""
    if message.fuzzy:
        yield "is marked fuzzy"
    if not all(translations(message)):
        yield "is not translated"
        return
    originals = [message.id] if isinstance(message.id, str) else list(message.id)
    wanted = set(PLACEHOLDER.findall(originals[-1]))
    for words in translations(message):
        if extra := set(PLACEHOLDER.findall(words)) - wanted:
            yield f"has unknown placeholders {', '.join(sorted(extra))}"
        elif len(originals) == 1 and (lost := wanted - set(PLACEHOLDER.findall(words))):
            yield f"has lost placeholders {', '.join(sorted(lost))}"


def complaints(language: str) -> Iterator[str]:
    catalog, path = read(language), po_file(language).relative_to(ROOT)
    for message in collected():
        if message.id and catalog.get(message.id, message.context) is None:
            yield f"{path}: {message.id!r} is missing; run `make messages`"
    for message in catalog:
        if message.id:
            yield from (f"{path}: {message.id!r} {fault}" for fault in faults(message))


def main() -> int:
    match sys.argv[1:]:
        case ["--check"]:
            found = [line for language in LANGUAGES for line in complaints(language)]
            print("\n".join(found))
            return 1 if found else 0
        case ["--compile"]:
            compile_all()
        case []:
            for language in LANGUAGES:
                merge(language)
            compile_all()
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
