"""Elements of an XML file, one behind the other, in constant memory and without its traps.

A document type is refused before anything in it is read, so there are no entities to expand
and no files or addresses to fetch (https://docs.python.org/3/library/xml.html#xml-security);
XInclude is refused too. Expat is used directly since it knows the true line of every element,
beyond 65,535 too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from mercato.core.errors import BadInput
from mercato.data.importers.raw import MOST_RECORD, Source

MOST_DEPTH = 64
"""Levels of elements within elements; feeds have about six."""

_MOST_TOKEN = 8 << 20
"""Bytes of one tag or comment, which expat keeps until it ends."""

_CHUNK = 1 << 16
_WEIGHT = 256
"""An element counts as so many characters: about what it takes in memory."""

_XINCLUDE = "http://www.w3.org/2001/XInclude"


@dataclass(slots=True)
class Element:
    """An element with what it holds.

    name   : as written, without its prefix; ``prefix`` is empty where it has none
    space  : the namespace of the prefix, None where none was declared
    line   : where it starts, from 1
    parts  : texts and elements, in order
    is_cut : whether something is missing because there were more than `MOST_RECORD` characters
    """

    name: str
    prefix: str
    space: str | None
    line: int
    attributes: dict[str, str]
    parts: "list[str | Element]" = field(default_factory=list)
    is_cut: bool = False

    @property
    def children(self) -> "list[Element]":
        return [part for part in self.parts if isinstance(part, Element)]

    @property
    def text(self) -> str:
        """All text within, that of elements within it too."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


def elements(source: Source, names: frozenset[str]) -> Iterator[Element]:
    """The outermost elements that bear one of ``names``, with any prefix.

    Raises BadInput, with line and column, where the file is no well-formed XML, has a document
    type, includes others, or nests deeper than `MOST_DEPTH`.
    """
    reader = _Reader(source, names)
    with source.open_text() if source.encoding else source.open() as stream:
        fed = 0
        while chunk := stream.read(_CHUNK):
            fed += len(chunk)
            reader.feed(chunk)
            yield from reader.taken()
            if fed - max(reader.parser.CurrentByteIndex, 0) > _MOST_TOKEN:
                reader.refuse("a tag, comment or instruction of more than 8 MiB", "Close it.")
    reader.feed(b"", is_last=True)
    yield from reader.taken()


class _Reader:
    """Handlers of expat that build the wanted elements and forget everything else."""

    def __init__(self, source: Source, names: frozenset[str]) -> None:
        self.source = source
        self.names = names
        self.spaces: dict[str, str] = {}
        self.open: list[Element] = []
        self.done: list[Element] = []
        self.depth = 0
        self.characters = 0
        self.parser = expat.ParserCreate("utf-8" if source.encoding else None)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text

    def feed(self, chunk: bytes, is_last: bool = False) -> None:
        try:
            self.parser.Parse(chunk, is_last)
        except expat.ExpatError as error:
            raise BadInput(
                f"XML in {self.source.path}",
                f"{expat.ErrorString(error.code)} in line {error.lineno}, "
                f"column {error.offset + 1}",
                "Mend that place. Names such as &nbsp; are HTML's: XML has &#160; for it.",
            ) from None
        except (LookupError, ValueError) as error:  # of the encoding that the file declares
            raise BadInput(
                f"XML in UTF-8 in {self.source.path}",
                f"{error} in line 1",
                "Save the file as UTF-8, or name its --encoding.",
            ) from None

    def taken(self) -> list[Element]:
        """What has been completed since the last call."""
        done, self.done = self.done, []
        return done

    def refuse(self, found: str, remedy: str) -> NoReturn:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        raise BadInput(
            f"a plain XML feed in {self.source.path}",
            f"{found} in line {line}, column {column}",
            remedy,
        )

    def doctype(self, name: str, system: str | None, public: str | None, inner: int) -> None:
        self.refuse("a document type", "Take <!DOCTYPE …> out of the file: a feed needs none.")

    def start(self, written: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            self.refuse(f"elements nested {self.depth} deep", "Write each product flat.")
        for name, value in attributes.items():
            if name.startswith("xmlns"):
                self.spaces[name[6:]] = value
        prefix, _, name = written.rpartition(":")
        space = self.spaces.get(prefix)
        if space == _XINCLUDE:
            self.refuse("an XInclude", "Write what it includes into the file.")
        if not self.open and name not in self.names:
            return
        element = Element(name, prefix, space, self.parser.CurrentLineNumber, attributes)
        if not self.open:
            self.characters = 0
        elif self.fits(_WEIGHT + sum(map(len, attributes.values()))):
            self.open[-1].parts.append(element)
        self.open.append(element)

    def end(self, written: str) -> None:
        self.depth -= 1
        if self.open:
            element = self.open.pop()
            if not self.open:
                self.done.append(element)

    def text(self, found: str) -> None:
        if self.open and self.fits(len(found)):
            self.open[-1].parts.append(found)

    def fits(self, characters: int) -> bool:
        """Whether the outermost open element may hold so much more; if not, it is cut."""
        self.characters += characters
        if self.characters > MOST_RECORD:
            self.open[0].is_cut = True
        return not self.open[0].is_cut
