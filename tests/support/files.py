"""Small files made on the spot, one of each kind: their first bytes are real, the rest is as little as there may be."""

import io
import zipfile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
MAIL = "From: duty@example.cn\r\nSubject: 转办\r\nDate: Thu, 12 Mar 2026 14:05:00 +0800\r\n\r\n<b>你好</b>".encode("gb18030")


def archive(*names: str) -> bytes:
    """A zip archive with these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


def ole(stream: str) -> bytes:
    """As Office files before 2007 begin, with the name of one stream in the directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1016 + stream.encode("utf-16-le") + b"\0" * 64


def media(brand: str) -> bytes:
    """The first box of a film, a recording or a photo of a phone."""
    return b"\0\0\0\x14ftyp" + brand.encode() + b"\0\0\0\0" + brand.encode()


OPEN_XML = ("[Content_Types].xml", "_rels/.rels")
OFFICE = "application/vnd.openxmlformats-officedocument."
TAKEN = {  # name → content, type by content, name it is handed out under
    "报告.pdf": (PDF, "application/pdf", "报告.pdf"),
    "公文.ofd": (archive("OFD.xml", "Doc_0/Document.xml"), "application/ofd", "公文.ofd"),
    "现场.jpeg": (b"\xff\xd8\xff\xe1\0\x10Exif\0\0", "image/jpeg", "现场.jpeg"),
    "截图.png": (PNG, "image/png", "截图.png"),
    "a.gif": (b"GIF89a\1\0\1\0\0\0\0;", "image/gif", "a.gif"),
    "a.webp": (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp", "a.webp"),
    "IMG_1.HEIC": (media("heic"), "image/heic", "IMG_1.HEIC"),
    "a.mp4": (media("mp42"), "video/mp4", "a.mp4"),
    "a.mov": (media("qt  "), "video/quicktime", "a.mov"),
    "a.mp3": (b"ID3\3\0\0\0\0\0\0\0", "audio/mpeg", "a.mp3"),
    "b.mp3": (b"\xff\xfb\x90\x44\0\0\0", "audio/mpeg", "b.mp3"),
    "a.m4a": (media("M4A "), "audio/mp4", "a.m4a"),
    "通话.amr": (b"#!AMR\n\x3c\x91\x17", "audio/amr", "通话.amr"),
    "a.wav": (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", "a.wav"),
    "a.docx": (archive(*OPEN_XML, "word/document.xml"), OFFICE + "wordprocessingml.document", "a.docx"),
    "a.xlsx": (archive(*OPEN_XML, "xl/workbook.xml"), OFFICE + "spreadsheetml.sheet", "a.xlsx"),
    "a.pptx": (archive("ppt/presentation.xml", *OPEN_XML), OFFICE + "presentationml.presentation", "a.pptx"),
    "a.doc": (ole("WordDocument"), "application/msword", "a.doc"),
    "a.wps": (ole("WordDocument"), "application/msword", "a.wps"),
    "a.xls": (ole("Workbook"), "application/vnd.ms-excel", "a.xls"),
    "a.ppt": (ole("PowerPoint Document"), "application/vnd.ms-powerpoint", "a.ppt"),
    "a.zip": (archive("照片/1.jpg"), "application/zip", "a.zip"),
    "a.eml": (MAIL, "message/rfc822", "a.eml"),
    "话单.csv": ("号码,秒\n123,45\n".encode("gb18030"), "text/plain", "话单.csv"),
    "记录": ("\ufeff已复述核对\r\n".encode(), "text/plain", "记录.txt"),
    "BMW 车主.txt": ("BMW 车主来电".encode(), "text/plain", "BMW 车主.txt"),  # begins as a bitmap does
    "报告.exe": (PDF, "application/pdf", "报告.exe.pdf"),  # the content counts, not the name
    "截图.pdf": (PNG, "image/png", "截图.pdf.png"),
    "x.html": (PNG, "image/png", "x.html.png"),
}
REFUSED = {  # name → content
    "程序.pdf": b"MZ\x90\0\3\0\0\0" + b"\0" * 200,
    "a.bin": b"\x7fELF\2\1\1\0" + b"\0" * 60,
    "a.apk": archive("AndroidManifest.xml", "classes.dex"),
    "a.jar": archive("META-INF/MANIFEST.MF"),
    "带宏.docx": archive(*OPEN_XML, "word/document.xml", "word/vbaProject.bin"),
    "网页.txt": "<!DOCTYPE  html><p>你好".encode(),
    "藏着.txt": "\ufeff <!-- 说明 -->\n<SVG onload=alert(1)>".encode(),
    "图.txt": b'<?xml version="1.0"?><x/>',
    "脚本.txt": b"#!/bin/sh\nrm -rf x\n",
    "a.js": b"alert(1)",
    "a.VBS": b"MsgBox 1",
    "坏.docx": b"PK\x03\x04" + b"\0" * 60,
    "安装.doc": ole("!_StringData"),  # an installer is such a file too
    "a.rar": b"Rar!\x1a\7\0" + b"\0" * 20,
    "乱.txt": b"abc\0\1\2",
    "a.pdf": b"\0",
}
