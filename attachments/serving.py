"""Sending a blob: by the web server, by a signed link, or piece by piece (Range)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from attachments.models import Attachment

INLINE = frozenset({Attachment.Kind.IMAGE, Attachment.Kind.VIDEO})
POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
LINK_SECONDS = 60
BLOCK = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True)
class Span:
    """Octets `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class Unsatisfiable(Exception):  # noqa: N818
    """The range asked for lies outside of the file (416)."""


def asked_span(header: str, size: int) -> Span | None:
    """The one range asked for, cut to the file; None means all. Raises Unsatisfiable.

    Several ranges at once or a header nobody understands are answered with the whole file, as
    RFC 9110 allows.
    """
    found = _RANGE.fullmatch(header.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise Unsatisfiable
        return Span(max(0, size - length), size - 1)
    if int(first) >= size:
        raise Unsatisfiable
    if last and int(last) < int(first):
        return None
    return Span(int(first), min(int(last), size - 1) if last else size - 1)


def send(request: HttpRequest, attachment: Attachment) -> HttpResponseBase:
    """The file; the caller has checked, as on each request, that this person may have it (Z05)."""
    etag = f'"{attachment.sha256[:32]}"'
    inline = attachment.kind in INLINE
    response: HttpResponseBase
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    elif settings.X_ACCEL_PREFIX:
        response = HttpResponse()
        response["X-Accel-Redirect"] = settings.X_ACCEL_PREFIX + quote(attachment.key)
    elif _in_bucket() and attachment.kind != Attachment.Kind.VIDEO:
        return HttpResponseRedirect(_signed_link(attachment, inline=inline))
    else:
        response = _streamed(request, attachment, etag)
    _label(response, attachment.mime, attachment.name, etag, inline=inline)
    return response


def send_thumbnail(request: HttpRequest, attachment: Attachment) -> HttpResponseBase:
    """A few kilobytes, always through us: no second request to the store."""
    etag = f'"t{attachment.sha256[:31]}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponseBase = HttpResponse(status=304)
    else:
        with default_storage.open(str(attachment.thumbnail), "rb") as blob:
            response = HttpResponse(blob.read())
    _label(response, "image/webp", "thumbnail.webp", etag, inline=True)
    return response


def _label(response: HttpResponseBase, mime: str, name: str, etag: str, *, inline: bool) -> None:
    """What keeps uploaded octets from ever being taken for a page or a script of ours (O03)."""
    response["Content-Type"] = "text/plain; charset=utf-8" if mime == "text/plain" else mime
    response["Content-Disposition"] = str(content_disposition_header(not inline, name))
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = etag


def _streamed(request: HttpRequest, attachment: Attachment, etag: str) -> HttpResponseBase:
    size = attachment.size
    wanted = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        wanted = ""
    try:
        span = asked_span(wanted, size)
    except Unsatisfiable:
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
        return response
    whole = span or Span(0, size - 1)
    body: Any = () if request.method == "HEAD" else _blocks(attachment.key, whole)
    response = StreamingHttpResponse(body, status=206 if span else 200)
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(whole.length)
    if span:
        response["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
    return response


def _blocks(name: str, span: Span) -> Iterator[bytes]:
    with _opened(name, span) as blob:
        left = span.length
        while left > 0 and (block := blob.read(min(BLOCK, left))):
            left -= len(block)
            yield block


def _opened(name: str, span: Span) -> IO[bytes]:
    """A stream that begins where the span begins; of a bucket only that part is fetched."""
    if _in_bucket():
        storage: Any = default_storage
        key = storage._normalize_name(name)
        part = storage.bucket.Object(key).get(Range=f"bytes={span.first}-{span.last}")
        body: IO[bytes] = part["Body"]
        return body
    blob = default_storage.open(name, "rb")
    blob.seek(span.first)
    return blob


def _in_bucket() -> bool:
    return bool(settings.S3_BUCKET)


def _signed_link(attachment: Attachment, *, inline: bool) -> str:
    """For one minute, for this one file; type and name are part of the signature (Z06)."""
    storage: Any = default_storage
    mime = attachment.mime
    parameters = {
        "ResponseContentType": "text/plain; charset=utf-8" if mime == "text/plain" else mime,
        "ResponseContentDisposition": str(content_disposition_header(not inline, attachment.name)),
    }
    url: str = storage.url(attachment.key, parameters=parameters, expire=LINK_SECONDS)
    return url
