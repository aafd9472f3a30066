"""`python -m tools.catalogue`: click's words in Spanish, as gettext reads them, out of ``staff.spanish``. A test
compares the file with them. Its form is that of gettext's manual, "The Format of GNU MO Files"."""

import struct
from typing import Final

from staff import spanish

FILE: Final = spanish.LOCALE / "es" / "LC_MESSAGES" / f"{spanish.DOMAIN}.mo"
_HEADER: Final = "Content-Type: text/plain; charset=UTF-8\nLanguage: es\nPlural-Forms: nplurals=2; plural=(n != 1);\n"


def main() -> None:
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_bytes(compiled())


def compiled() -> bytes:
    """GNU's .mo: a head, a table of where each text stands, one of where its translation does, then both; sorted."""
    texts = {"": _HEADER, **spanish.CLICK}
    texts |= {"\0".join(one): "\0".join(told) for one, told in spanish.PLURALS.items()}
    pairs = sorted((one.encode(), told.encode()) for one, told in texts.items())
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    place = len(head) + 16 * len(pairs)
    tables, stored = b"", b""
    for column in zip(*pairs, strict=True):
        for text in column:
            tables += struct.pack("<2I", len(text), place + len(stored))
            stored += text + b"\0"
    return head + tables + stored


if __name__ == "__main__":
    main()
