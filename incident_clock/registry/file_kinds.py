"""What a file is, told by its content: the kinds that are kept as evidence, and why others are not. Pure.

The library `filetype` knows the signatures; what is inside archives and Office files, and what plain text is, is
looked up here (decision 12).
"""

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import BytesHeaderParser

import filetype

from incident_clock.errors import Invalid
from incident_clock.phrases import N_

HEAD_BYTES = 64 * 1024  # where the headers of a mail are looked for
MARKUP_WITHIN = 4_096  # characters from the beginning of a text

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
AMR = (b"#!AMR\n", b"#!AMR-WB\n")
PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MARKUP = re.compile(r"^\s*<\?xml\b|<(?:!doctype\s+html|html|head|body|script|svg|iframe|\?php)\b", re.IGNORECASE)
SCRIPTS = frozenset({  # endings of texts that a machine carries out or a browser draws
    "bat", "cmd", "com", "css", "hta", "htm", "html", "js", "jse", "jsx", "lnk", "mht", "mhtml", "mjs", "php", "pl",
    "ps1", "psm1", "py", "rb", "reg", "scf", "sh", "svg", "ts", "url", "vbe", "vbs", "wsf", "wsh", "xht", "xhtml",
    "xml",
})


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind. `endings`: what its files may be called; a name that ends otherwise is given the first."""

    media_type: str
    title: str
    endings: tuple[str, ...]


_OPEN_XML = "application/vnd.openxmlformats-officedocument."
KINDS = {kind.media_type: kind for kind in (
    FileKind("application/pdf", N_("PDF 文件"), ("pdf",)),
    FileKind("application/ofd", N_("OFD 版式文件"), ("ofd",)),
    FileKind("image/jpeg", N_("图片"), ("jpg", "jpeg")),
    FileKind("image/png", N_("图片"), ("png",)),
    FileKind("image/gif", N_("图片"), ("gif",)),
    FileKind("image/webp", N_("图片"), ("webp",)),
    FileKind("image/heic", N_("图片"), ("heic", "heif")),
    FileKind("video/mp4", N_("视频"), ("mp4", "m4v", "3gp")),
    FileKind("video/quicktime", N_("视频"), ("mov",)),
    FileKind("audio/mpeg", N_("录音"), ("mp3",)),
    FileKind("audio/mp4", N_("录音"), ("m4a",)),
    FileKind("audio/amr", N_("录音"), ("amr",)),
    FileKind("audio/wav", N_("录音"), ("wav",)),
    FileKind(_OPEN_XML + "wordprocessingml.document", N_("文字文档"), ("docx",)),
    FileKind(_OPEN_XML + "spreadsheetml.sheet", N_("表格"), ("xlsx",)),
    FileKind(_OPEN_XML + "presentationml.presentation", N_("演示文稿"), ("pptx",)),
    FileKind("application/msword", N_("文字文档"), ("doc", "wps")),
    FileKind("application/vnd.ms-excel", N_("表格"), ("xls", "et")),
    FileKind("application/vnd.ms-powerpoint", N_("演示文稿"), ("ppt", "dps")),
    FileKind("application/zip", N_("压缩包"), ("zip",)),
    FileKind("message/rfc822", N_("电子邮件"), ("eml",)),
    FileKind("text/plain", N_("纯文本"), ("txt", "csv", "tsv", "log", "md", "json", "ics", "vcf")),
)}
ALSO_CALLED = {"audio/x-wav": "audio/wav", "video/x-m4v": "video/mp4", "video/3gpp": "video/mp4",
               "image/apng": "image/png"}
PART_OF_ZIP = {"OFD.xml": "application/ofd", "word/document.xml": _OPEN_XML + "wordprocessingml.document",
               "xl/workbook.xml": _OPEN_XML + "spreadsheetml.sheet",
               "ppt/presentation.xml": _OPEN_XML + "presentationml.presentation"}
STREAM_OF_OLE = {"WordDocument": "application/msword", "Workbook": "application/vnd.ms-excel",
                 "PowerPoint Document": "application/vnd.ms-powerpoint"}


def kind_of(content: bytes, name: str) -> FileKind:
    """The kind of a file. Its name only tells scripts from other texts. Raises Invalid for what is not taken."""
    if content.startswith(ZIP):
        return KINDS[_in_zip(content)]
    if content.startswith(OLE):
        return KINDS[_in_ole(content)]
    if content.startswith(AMR):
        return KINDS["audio/amr"]
    told = filetype.guess_mime(content)
    told = ALSO_CALLED.get(told, told)
    if told in KINDS and told != "application/zip":
        return KINDS[told]
    if _is_mail(content):
        return KINDS["message/rfc822"]
    text = _text(content)
    if text is None:
        raise _program() if content.startswith(PROGRAMS) else _unknown()
    if text.startswith("#!") or MARKUP.search(text[:MARKUP_WITHIN]) or ending(name) in SCRIPTS:
        raise _program()
    return KINDS["text/plain"]


def ending(name: str) -> str:
    """What stands behind the last dot of a name, in small letters."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def download_name(name: str, media_type: str) -> str:
    """The name under which a file is handed out: its ending says what the content is, whatever it was called."""
    kind = KINDS[media_type]
    return name if ending(name) in kind.endings else f"{name}.{kind.endings[0]}"


def _in_zip(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise Invalid(N_("这个文件不完整，打不开，请核对后再传"), field="file") from error
    if names & {"META-INF/MANIFEST.MF", "AndroidManifest.xml"} or _has_macros(names):
        raise _program()
    return next((media_type for part, media_type in PART_OF_ZIP.items() if part in names), "application/zip")


def _has_macros(names: Iterable[str]) -> bool:
    return any(name.endswith("vbaProject.bin") for name in names)


def _in_ole(content: bytes) -> str:
    """Word, Excel, PowerPoint and WPS before 2007: told by the name of the stream that holds the document."""
    found = next((media_type for stream, media_type in STREAM_OF_OLE.items() if stream.encode("utf-16-le") in content),
                 None)
    if found is None:
        raise _unknown()
    return found


def _is_mail(content: bytes) -> bool:
    head = content[:HEAD_BYTES]
    if b"\0" in head:
        return False
    names = {name.lower() for name in BytesHeaderParser().parsebytes(head).keys()}  # noqa: SIM118 (a mail is no dict)
    return "from" in names and bool(names & {"date", "subject", "received", "message-id"})


def _text(content: bytes) -> str | None:
    """The text of a plain text file in UTF-8 or GB18030; None for anything else."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if CONTROLS.search(text) else text
    return None


def _program() -> Invalid:
    return Invalid(N_("网页、程序、脚本和带宏的文档不能作为附件，需要留存的请截图或导出为 PDF 再传"), field="file")


def _unknown() -> Invalid:
    return Invalid(N_("这种文件不收。能收：PDF、OFD、图片、录音、视频、Word、Excel、PPT、WPS、eml 邮件、纯文本、zip"),
                   field="file")
