"""Files that a form sends: refused everywhere but on the few pages that say what they take, and kept in memory only.

A page that takes one says how large it may be. What is larger is not read on, so it costs neither memory nor disk.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from evertill.kernel.errors import EvertillError

View = Callable[..., HttpResponseBase]
_FLAG = "_evertill_file_too_large"


class FileTooLarge(EvertillError):
    """A file is larger than the page takes."""

    code = "FILE_TOO_LARGE"
    status = "too_large"
    remedy = "Send a smaller file."


class _Keeper(FileUploadHandler):
    """Keeps files of a form in memory, all of them together up to so many bytes."""

    def __init__(self, request: HttpRequest, *, bytes_max: int) -> None:
        super().__init__(request)
        self._left = bytes_max
        self._kept = BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 — Django's form.
        super().new_file(*args, **kwargs)
        self._kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 — Django's form.
        self._left -= len(raw_data)
        if self._left < 0:
            setattr(self.request, _FLAG, True)
            raise StopUpload(connection_reset=True)
        self._kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._kept.seek(0)
        return InMemoryUploadedFile(
            self._kept, self.field_name, self.file_name, self.content_type, file_size, self.charset
        )


def takes_file(*, bytes_max: Callable[[], int]) -> Callable[[View], View]:
    """This function will let a view take files of up to so many bytes together, `bytes_max` being asked each time.

    It stands outermost: who reads the form first, and that is who looks for its token, decides what becomes of files.
    """

    def make(view: View) -> View:
        protected = csrf_protect(view)

        @wraps(view)
        def answer(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponseBase:
            request.upload_handlers = [_Keeper(request, bytes_max=bytes_max())]
            return protected(request, *args, **kwargs)

        return csrf_exempt(answer)

    return make


def read_file(request: HttpRequest, name: str, *, bytes_max: int) -> bytes:
    """This function will return what a file of a form holds, b"" without one; raises FileTooLarge."""
    if getattr(request, _FLAG, False):
        raise FileTooLarge(f"The file is larger than {bytes_max} bytes.")
    file = request.FILES.get(name)
    return file.read() if file is not None else b""
