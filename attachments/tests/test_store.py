"""What is taken in, and what is refused with which words (R12, D7, U03-U07, U10, E27)."""

from __future__ import annotations

import io
import os
import resource
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from PIL import Image

from accounts.models import User
from attachments import inspector
from attachments.models import Attachment
from attachments.services import MESSAGE_KINDS, attach, prepare, store
from attachments.tests import samples
from attachments.tests.samples import upload
from workorders.tests.factories import CounsellingFactory, MessageFactory

Kind = Attachment.Kind
WITH_PDF = MESSAGE_KINDS | {Kind.PDF}


@pytest.mark.row("R12")
@pytest.mark.parametrize(
    ("name", "content", "kind", "mime"),
    [
        ("front.jpg", samples.jpeg(), Kind.IMAGE, "image/jpeg"),
        ("FRONT.JPEG", samples.jpeg(), Kind.IMAGE, "image/jpeg"),
        ("status.png", samples.png(), Kind.IMAGE, "image/png"),
        ("grey.png", samples.png(mode="LA"), Kind.IMAGE, "image/png"),
        ("palette.png", samples.png(mode="P"), Kind.IMAGE, "image/png"),
        ("noise.mp4", samples.mp4(), Kind.VIDEO, "video/mp4"),
        ("boot.log", samples.LOG, Kind.LOG, "text/plain"),
        ("boot.txt", "风扇 2 转速 1180\n".encode("gbk") * 9, Kind.LOG, "text/plain"),
        ("boot.log.gz", samples.gz(), Kind.ARCHIVE, "application/gzip"),
        ("logs.tar.gz", samples.tarred(), Kind.ARCHIVE, "application/gzip"),
        ("logs.tgz", samples.tarred(), Kind.ARCHIVE, "application/gzip"),
        ("logs.zip", samples.zipped(), Kind.ARCHIVE, "application/zip"),
        ("invoice.pdf", samples.pdf(), Kind.PDF, "application/pdf"),
    ],
)
def test_each_accepted_kind_is_kept(
    cora: User, name: str, content: bytes, kind: str, mime: str
) -> None:
    kept = store(upload(name, content), actor=cora, kinds=WITH_PDF)
    assert (kept.kind, kept.mime, kept.name, kept.uploaded_by) == (kind, mime, name, cora)
    assert kept.object_id is None
    assert kept.size == default_storage.size(kept.key)
    if kind != Kind.IMAGE:
        assert samples.stored(kept.key) == content


@pytest.mark.row("R12")
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("front.jpg", b"", "is empty"),
        ("front.jpg", samples.EXE, "not a JPEG or PNG"),
        ("front.jpg", b"<html><script>alert(1)</script>", "not a JPEG or PNG"),
        ("front.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG or PNG"),
        ("front.png", samples.png()[:60], "not a JPEG or PNG"),
        ("front.jpg", b"AT&TFORM\x00\x00\x00\x10DJVM", "not a JPEG or PNG"),
        ("noise.mp4", samples.EXE, "not an MP4"),
        ("noise.mp4", samples.jpeg(), "not an MP4"),
        ("noise.mp4", samples.mp4(brand=b"qt  "), "not an MP4"),
        ("noise.mp4", samples.mp4()[:-100], "damaged MP4"),
        ("noise.mp4", samples.mp4()[:40], "damaged MP4"),
        ("boot.log", samples.EXE, "not a text file"),
        ("boot.log", b"\x7fELF" + b"a" * 100, "not a text file"),
        ("boot.log", b"line\n" * 5000 + b"\x00\x01", "not a text file"),
        ("boot.log", b"  <!DOCTYPE html><script>1</script>", "not a text file"),
        ("boot.txt", b"<?php system($_GET[0]);", "not a text file"),
        ("boot.txt", samples.jpeg(), "not a text file"),
        ("boot.log.gz", samples.LOG, "neither a zip nor a gzip"),
        ("boot.log.gz", samples.gz()[:-20], "damaged"),
        ("boot.log.gz", samples.gz(samples.EXE), "not a text file"),
        ("logs.zip", samples.EXE, "neither a zip nor a gzip"),
        ("logs.zip", samples.jpeg(behind=samples.zipped()), "neither a zip nor a gzip"),
        ("logs.zip", samples.zipped()[:-30], "damaged"),
        ("logs.zip", samples.zipped(setup__exe=b"hello"), "contains a program"),
        ("logs.zip", samples.zipped(boot__log=samples.EXE), "contains a program"),
        ("logs.tar.gz", samples.tarred(run__bat=b"del"), "contains a program"),
        ("invoice.pdf", b"%PDF-1.7 cut off", "not a PDF"),
        ("setup.exe", samples.EXE, "of a kind that cannot be sent"),
        ("page.html", b"<html>", "of a kind that cannot be sent"),
        ("drawing.svg", b"<svg/>", "of a kind that cannot be sent"),
        ("noextension", samples.LOG, "of a kind that cannot be sent"),
        (".htaccess", samples.LOG, "of a kind that cannot be sent"),
        ("front.jpg\u200b.exe", samples.jpeg(), "of a kind that cannot be sent"),
    ],
)
def test_what_is_not_what_it_says_is_refused_by_name(
    cora: User, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        store(upload(name, content), actor=cora, kinds=WITH_PDF)
    assert "“" in refused.value.messages[0]
    assert not Attachment.objects.exists()


def test_a_pdf_goes_only_where_papers_go(cora: User) -> None:
    with pytest.raises(ValidationError, match="jpg, png, mp4, miner log"):
        store(upload("invoice.pdf", samples.pdf()), actor=cora)


@pytest.mark.row("E27")
def test_each_kind_has_its_limit(cora: User, settings: Any) -> None:
    settings.UPLOAD_LIMIT, settings.VIDEO_LIMIT = 2 * settings.MB, 4 * settings.MB
    store(upload("fits.mp4", samples.mp4(film=3 * settings.MB)), actor=cora)
    with pytest.raises(ValidationError, match="larger than 4 MB"):
        store(upload("long.mp4", samples.mp4(film=4 * settings.MB)), actor=cora)
    with pytest.raises(ValidationError, match="larger than 2 MB"):
        store(upload("long.log", b"a" * (2 * settings.MB + 1)), actor=cora)
    store(upload("exact.log", b"a" * (2 * settings.MB)), actor=cora)


def test_a_picture_loses_its_place_and_stands_upright(cora: User) -> None:
    taken = samples.jpeg((640, 480), orientation=6, behind=b"<script>alert(1)</script>")
    assert b"Hall 7" in taken
    kept = store(upload("front.jpg", taken), actor=cora)
    content = samples.stored(kept.key)
    stored = Image.open(io.BytesIO(content))
    assert b"Hall 7" not in content
    assert b"<script>" not in content
    assert not stored.getexif()
    assert stored.size == (kept.width, kept.height) == (480, 640)


def test_a_picture_gets_a_small_one(cora: User) -> None:
    kept = store(upload("front.jpg", samples.jpeg((1600, 1200))), actor=cora)
    small = Image.open(io.BytesIO(samples.stored(str(kept.thumbnail))))
    assert (small.format, small.size) == ("WEBP", (320, 240))
    assert kept.shown_size == (320, 240)


@pytest.mark.slow
def test_a_bomb_is_refused_without_being_unpacked(cora: User) -> None:
    bomb = samples.png_bomb()
    assert len(bomb) < 300_000
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(ValidationError, match="40 million pixels"):
        store(upload("bomb.png", bomb), actor=cora)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000  # kilobytes
    assert time.monotonic() - began < 5


def test_the_inspector_has_little_memory(
    cora: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A picture below the cap still cannot take more than the inspector may have."""
    code = Path(inspector.__file__).read_text()
    lean = tmp_path / "lean.py"
    lean.write_text(code.replace("MEMORY = 768 * MB", "MEMORY = 160 * MB"))
    monkeypatch.setattr(inspector, "__file__", str(lean))
    with pytest.raises(ValidationError, match=r"too much work|damaged"):
        store(upload("large.png", samples.png((6000, 6000))), actor=cora)


@pytest.mark.parametrize("name", ["log.gz", "logs.zip", "logs.tar.gz"])
def test_what_unpacks_to_too_much_is_refused(cora: User, name: str) -> None:
    """110 MB of one letter in 110 kB."""
    huge = b"a" * (inspector.UNPACKED + 10)
    packed = {
        "log.gz": lambda: samples.gz(huge),
        "logs.zip": lambda: samples.zipped(boot__log=huge),
        "logs.tar.gz": lambda: samples.tarred(boot__log=huge),
    }[name]()
    with pytest.raises(ValidationError, match="unpacks to more than 100 MB"):
        store(upload(name, packed), actor=cora)


def test_a_zip_that_lies_about_its_size_is_still_bounded(cora: User) -> None:
    packed = samples.zipped(boot__log=b"a" * (inspector.UNPACKED + 10))
    size = (inspector.UNPACKED + 10).to_bytes(4, "little")
    lying = packed.replace(size, (1000).to_bytes(4, "little"))
    with pytest.raises(ValidationError, match=r"damaged|unpacks"):
        store(upload("logs.zip", lying), actor=cora)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.log", "passwd.log"),
        ("C:\\fakepath\\boot.log", "boot.log"),
        ("boot\r\nSet-Cookie: a=b.log", "bootSet-Cookie: a=b.log"),
        ("\u202egol.toob.log", "gol.toob.log"),
        ("bo\u200bot.log", "boot.log"),
        ("x" * 300 + ".log", "x" * 251 + ".log"),
        ("风扇 2.log", "风扇 2.log"),
        ("<img src=x>.log", "<img src=x>.log"),
    ],
)
def test_a_name_is_displayed_and_nothing_else(cora: User, given: str, shown: str) -> None:
    file = upload("placeholder.log", samples.LOG)
    file._name = given  # type: ignore[attr-defined]  # past Django's own cleaning
    kept = store(file, actor=cora)
    assert kept.name == shown
    assert shown not in kept.key
    assert kept.key.startswith("attachments/20")


def test_stored_files_are_nobody_elses_to_read(cora: User) -> None:
    kept = store(upload("front.jpg", samples.jpeg()), actor=cora)
    for key in (kept.key, str(kept.thumbnail)):
        path = default_storage.path(key)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_keys_and_tokens_are_not_guessable(cora: User) -> None:
    first, second = (store(upload("boot.log", samples.LOG), actor=cora) for _twice in range(2))
    assert first.sha256 == second.sha256
    assert first.key != second.key
    assert first.token != second.token
    assert len(first.token) >= 32


def test_only_ones_own_free_files_can_be_attached(cora: User, otto: User) -> None:
    message = MessageFactory(thread=CounsellingFactory(customer=cora.customer).thread, author=cora)
    mine = store(upload("boot.log", samples.LOG), actor=cora)
    his = store(upload("boot.log", samples.LOG), actor=otto)
    with pytest.raises(PermissionDenied):
        attach([his], message, actor=cora)
    attach([mine], message, actor=cora)
    with pytest.raises(PermissionDenied):
        attach([mine], message, actor=cora)
    his.refresh_from_db()
    assert his.object_id is None


def test_no_row_is_written_while_the_file_is_looked_into(
    cora: User, django_assert_max_num_queries: Any
) -> None:
    file = upload("front.jpg", samples.jpeg())
    with django_assert_max_num_queries(0):
        prepare(file)
    with django_assert_max_num_queries(1):
        store(file, actor=cora)
