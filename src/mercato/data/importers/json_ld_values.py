"""Values of schema.org's properties as texts, numbers and lists of texts."""

from collections.abc import Iterator

from mercato.data.importers.json_ld_graph import Graph, Node, listed, local

Plain = str | int | float | list[str] | None

_UNITS = {
    "CMT": "cm",
    "GRM": "g",
    "INH": "in",
    "KGM": "kg",
    "LBR": "lb",
    "LTR": "l",
    "MLT": "ml",
    "MMT": "mm",
    "MTR": "m",
    "ONZ": "oz",
    "WTT": "W",
}
"""UN/CEFACT's common codes (recommendation 20)."""

_MOST_STEPS = 8
"""From a value to the text that it stands for."""


class Values:
    """Reads values of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def nodes(self, value: object) -> list[Node]:
        """The nodes among a value or a list of them."""
        found = [self.graph.resolved(each) for each in listed(value)]
        return [each for each in found if isinstance(each, dict)]

    def texts(self, value: object) -> list[str]:
        return list(dict.fromkeys(self._texts(value, _MOST_STEPS)))

    def text(self, value: object) -> str:
        """The first text; empty where there is none."""
        return next(self._texts(value, _MOST_STEPS), "")

    def plain(self, value: object) -> Plain:
        """As an attribute: a number stays one, several values are a list."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        texts = self.texts(value)
        return texts if len(texts) > 1 else next(iter(texts), None)

    def addresses(self, value: object) -> list[str]:
        """Of pictures and pages: addresses, or objects that have them."""
        found = []
        for each in listed(value):
            each = self.graph.resolved(each)
            if isinstance(each, dict):
                named = (each.get(key) for key in ("contentUrl", "url", "@id"))
                each = next((name for name in named if name), None)
            found += self.texts(each)
        return list(dict.fromkeys(found))

    def _texts(self, value: object, steps: int) -> Iterator[str]:
        if steps == 0 or value is None:
            return
        if isinstance(value, list):
            for each in value:
                yield from self._texts(each, steps - 1)
        elif isinstance(value, dict):
            yield from self._of_node(value, steps)
        elif isinstance(value, bool):
            yield "true" if value else "false"
        elif text := _number_text(value).strip():
            yield text

    def _of_node(self, value: Node, steps: int) -> Iterator[str]:
        node = self.graph.resolved(value)
        assert isinstance(node, dict)
        if "value" in node or "minValue" in node or "maxValue" in node:
            yield from self._measure(node, steps - 1)
            return
        for key in ("name", "suggestedGender", "codeValue", "ratingValue", "url"):
            if found := list(self._texts(node.get(key), steps - 1)):
                yield found[0]
                return

    def _measure(self, node: Node, steps: int) -> Iterator[str]:
        """``1.2 kg`` of a QuantitativeValue or a PropertyValue, ``3–5`` of a range."""
        unit = next(self._texts(node.get("unitText"), steps), "")
        if not unit and node.get("unitCode"):
            code = local(node["unitCode"])
            unit = _UNITS.get(code.upper(), code)
        if "value" in node:
            numbers = list(self._texts(node["value"], steps))
        else:
            ends = (next(self._texts(node.get(key), steps), "") for key in ("minValue", "maxValue"))
            numbers = ["–".join(ends)]
        for number in numbers:
            yield f"{number} {unit}".strip()


def _number_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
