"""What products leave unsaid, or say in another language than they declare."""

import ibis

from mercato.data.flags.flagging import item_flag

RECOMMENDED = ("description", "link", "image_link", "price", "brand", "product_type")
"""What the Merchant feed requires or recommends of every product and a shelf needs."""

SURE = 0.9


def text_flags(items: ibis.Table, languages: ibis.Table, language: str) -> list[ibis.Table]:
    """languages : the asset ``item_languages``; language : of products that declare none"""
    return [
        *(item_flag(items.filter(items[name].isnull()), f"missing-{name}") for name in RECOMMENDED),
        _other_language(items, languages, language),
    ]


def _other_language(items: ibis.Table, languages: ibis.Table, language: str) -> ibis.Table:
    """``nb`` and ``nn`` are Norwegian; of ``pt-BR`` and ``zh_TW`` the first part counts."""
    declared = items.language.coalesce(language).lower().re_replace("[-_].*$", "")
    declared = ibis.ifelse(declared.isin(["nb", "nn"]), "no", declared)
    said = items.select("id", declared=declared)
    found = languages.select(id="item_id", detected="language", sure="probability")
    rows = said.inner_join(found, "id")
    rows = rows.filter((rows.sure >= SURE) & (rows.detected != rows.declared))
    return item_flag(rows, "language-differs", rows.sure, SURE)
