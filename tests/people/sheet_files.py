"""Files as people really have them: workbooks part by part, text in old encodings, and what only looks like either."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OF_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY_ZERO = date(1899, 12, 30)

# number formats of the cells below, by style: General, m/d/yyyy, h:mm, both, Chinese Excel's own, one by hand, [h]:mm
FORMATS = (0, 14, 20, 22, 31, 180, 46)
PLAIN, DAY, CLOCK, BOTH, CHINESE, BY_HAND, HOURS = range(7)


@dataclass(frozen=True)
class Formula:
    text: str
    value: str = ""


@dataclass(frozen=True)
class Error:
    text: str


@dataclass(frozen=True)
class Styled:
    """A number with one of the styles above."""

    value: float
    style: int


@dataclass(frozen=True)
class Raw:
    """A cell's XML, with its place filled in."""

    xml: str


Row = Sequence[Any]


def csv(*rows: Row | str, separator: str = ",", encoding: str = "utf-8", newline: str = "\r\n") -> bytes:
    """Rows as text; a text stands for a row as it is."""
    lines = [row if isinstance(row, str) else separator.join(map(str, row)) for row in rows]
    return (newline.join(lines) + newline).encode(encoding)


def xlsx(*rows: Row, merged: Sequence[str] = (), is_1904: bool = False, others: dict[str, Iterable[Row]] | None = None,
         hidden: Sequence[str] = (), before: str = "", parts: dict[str, bytes] | None = None,
         prefix: str = "") -> bytes:
    """A workbook as Excel packs it. `others`: further sheets; `before`: put in front of the sheet's XML."""
    strings: dict[str, int] = {}
    sheets = {"Sheet1": rows, **(others or {})}
    packed = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": f'<Relationships xmlns="{OF_PACKAGE}"><Relationship Id="rId1" Type="{RELATIONS}/officeDocument" '
                       'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": _book(sheets, hidden, is_1904),
        "xl/_rels/workbook.xml.rels": _relations(len(sheets)),
        "xl/styles.xml": _styles(),
        **{f"xl/worksheets/sheet{number}.xml": before + _sheet(content, strings, merged if number == 1 else (), prefix)
           for number, content in enumerate(sheets.values(), start=1)},
    }
    packed["xl/sharedStrings.xml"] = (f'<sst xmlns="{MAIN}">' + "".join(
        f"<si><t xml:space=\"preserve\">{escape(text)}</t></si>" for text in strings) + "</sst>")
    return archive({**packed, **(parts or {})})


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def ole2(*, is_encrypted: bool = False) -> bytes:
    """The beginning of an .xls, or of the container around a workbook with a password."""
    stream = "EncryptedPackage" if is_encrypted else "Workbook"
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(512)


def _sheet(rows: Iterable[Row], strings: dict[str, int], merged: Sequence[str], prefix: str) -> str:
    p = f"{prefix}:" if prefix else ""
    lines = [f'<{p}worksheet xmlns{":" + prefix if prefix else ""}="{MAIN}"><{p}sheetData>']
    for number, row in enumerate(rows, start=1):
        cells = "".join(_cell(value, f"{_letters(column)}{number}", strings, p)
                        for column, value in enumerate(row, start=1) if value is not None)
        lines.append(f'<{p}row r="{number}">{cells}</{p}row>')
    lines.append(f"</{p}sheetData>")
    if merged:
        lines.append(f"<{p}mergeCells>" + "".join(f'<{p}mergeCell ref="{area}"/>' for area in merged) + f"</{p}mergeCells>")
    return "".join(lines) + f"</{p}worksheet>"


def _cell(value: Any, place: str, strings: dict[str, int], p: str) -> str:
    if isinstance(value, Raw):
        return value.xml.format(r=place)
    if isinstance(value, Formula):
        return f'<{p}c r="{place}" t="str"><{p}f>{escape(value.text)}</{p}f><{p}v>{escape(value.value)}</{p}v></{p}c>'
    if isinstance(value, Error):
        return f'<{p}c r="{place}" t="e"><{p}v>{value.text}</{p}v></{p}c>'
    if isinstance(value, bool):
        return f'<{p}c r="{place}" t="b"><{p}v>{int(value)}</{p}v></{p}c>'
    if isinstance(value, str):
        return f'<{p}c r="{place}" t="s"><{p}v>{strings.setdefault(value, len(strings))}</{p}v></{p}c>'
    number, style = _number(value)
    return f'<{p}c r="{place}" s="{style}"><{p}v>{number}</{p}v></{p}c>'


def _number(value: Any) -> tuple[str, int]:
    if isinstance(value, Styled):
        return repr(value.value), value.style
    if isinstance(value, datetime):
        return repr((value.date() - DAY_ZERO).days + (value - value.replace(hour=0, minute=0)) / timedelta(days=1)), BOTH
    if isinstance(value, date):
        return str((value - DAY_ZERO).days), DAY
    if isinstance(value, time):
        return repr((value.hour * 60 + value.minute) / 1440), CLOCK
    return repr(value), PLAIN


def _letters(column: int) -> str:
    return (chr(ord("A") + (column - 1) // 26 - 1) if column > 26 else "") + chr(ord("A") + (column - 1) % 26)


def _book(sheets: Iterable[str], hidden: Sequence[str], is_1904: bool) -> str:
    listed = "".join(f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
                     f'{" state=" + quoteattr("hidden") if name in hidden else ""}/>'
                     for number, name in enumerate(sheets, start=1))
    return (f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr date1904="{int(is_1904)}"/>'
            f"<sheets>{listed}</sheets></workbook>")


def _relations(sheets: int) -> str:
    worksheets = "".join(f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" '
                         f'Target="worksheets/sheet{number}.xml"/>' for number in range(1, sheets + 1))
    return (f'<Relationships xmlns="{OF_PACKAGE}">{worksheets}'
            f'<Relationship Id="rId98" Type="{RELATIONS}/styles" Target="/xl/styles.xml"/>'
            f'<Relationship Id="rId99" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>')


def _styles() -> str:
    cells = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in FORMATS)
    code = quoteattr('[$-804]yyyy"年"m"月"d"日";@')
    return (f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="180" formatCode={code}/></numFmts>'
            f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{cells}</cellXfs></styleSheet>')


def _types() -> str:
    return ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/></Types>')
