"""Uploads on their way in: stopped at their limit, checked before any transaction begins."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse

from attachments.names import kind_of
from attachments.services import limit_of, prepare

View = Callable[..., HttpResponse]


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Writes no more than the limit of the file's kind to the disk; the rest is read and dropped.

    The form still hears of the file and of its true size, so the error stands beside its field and
    the text typed is kept (U07).
    """

    file: TemporaryUploadedFile

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.limit = limit_of(kind_of(self.file_name or ""))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) <= self.limit:
            self.file.write(raw_data)
        elif self.file.tell():
            self.file.seek(0)
            self.file.truncate()
        return None

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        self.file.seek(0)
        self.file.size = file_size
        return self.file


def files_first(view: View) -> View:
    """Check and lay down the uploads of a POST before the view, above `@once`.

    Looking into a picture takes seconds; inside the view's transaction every other writer would
    wait for it (one writer on SQLite). The form finds the result on the upload; a file that is not
    fit says so there.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            for upload in _few(request):
                try:
                    prepare(upload)
                except ValidationError:
                    continue
        return view(request, *args, **kwargs)

    return checked


def _few(request: HttpRequest) -> list[UploadedFile[Any]]:
    """Nothing is done for more files than a message may have: the form refuses them all."""
    uploads: list[UploadedFile[Any]] = [f for _, files in request.FILES.lists() for f in files]
    return uploads if len(uploads) <= settings.FILES_PER_MESSAGE else []
