"""Files that a form sends: refused everywhere but on the few pages that say what they take.

A page that takes one says how large it may be. What is larger is not read on. A small file is kept in memory, a larger
one in a file that has no name: it is gone when nobody has it open any more, however that comes about.

Who sends more than a form has is read only by a page that has let him in: `short_forms` turns all others away unread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import wraps
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.core.exceptions import BadRequest, PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from evertill.kernel import config, memory
from evertill.kernel.errors import EvertillError

View = Callable[..., HttpResponseBase]
_FLAG = "_evertill_file_too_large"
_MEMORY_BYTES = 256 << 10
# What a browser says of a form that stood on a page of others.
_ELSEWHERE = ("cross-site", "same-site")


class FileTooLarge(EvertillError):
    """A file is larger than the page takes."""

    code = "FILE_TOO_LARGE"
    status = "too_large"
    remedy = "Send a smaller file."


class _Keeper(FileUploadHandler):
    """Keeps files of a form, all of them together up to so many bytes, until it is closed."""

    def __init__(self, request: HttpRequest, *, bytes_max: int) -> None:
        super().__init__(request)
        self._left = bytes_max
        self._files: list[IO[bytes]] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 — Django's form.
        super().new_file(*args, **kwargs)
        self._files.append(SpooledTemporaryFile(max_size=_MEMORY_BYTES))  # noqa: SIM115 — closed by `close`.

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 — Django's form.
        self._left -= len(raw_data)
        if self._left < 0:
            setattr(self.request, _FLAG, True)
            raise StopUpload(connection_reset=True)
        self._files[-1].write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        self._files[-1].seek(0)
        return UploadedFile(self._files[-1], self.file_name, self.content_type, file_size, self.charset)

    def close(self) -> None:
        """This function will close all of them, those that did not come to their end too."""
        for file in self._files:
            file.close()


def form_bytes_max() -> int:
    """This function will return how many bytes a form may have that anybody sends, a file of his included."""
    known = config.get()
    return known.body_bytes_max + known.claims_file_bytes_max


def short_forms(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """This function will turn away, without reading it, what is longer than a form, where a view does not take that."""

    def answer(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def look(request: HttpRequest, view: View, _args: object, _kwargs: object) -> None:
        takes_long = getattr(view, "takes_long", False)
        if takes_long and request.headers.get("Sec-Fetch-Site", "") in _ELSEWHERE:
            # Its token is looked for when its sender has been let in; of another site's form no more is needed.
            raise PermissionDenied("Another site has sent it.")
        length = request.META.get("CONTENT_LENGTH") or "0"
        is_long = not length.isdecimal() or int(length) > form_bytes_max()
        if is_long and not takes_long:
            raise BadRequest("It is longer than a form.")

    made: Any = answer
    # By this name Django calls it when it knows the view, before the form's token is looked for in the form.
    made.process_view = look
    looked: Callable[[HttpRequest], HttpResponse] = made
    return looked


def takes_file(*, bytes_max: Callable[[], int]) -> Callable[[View], View]:
    """This function will let a view take files of up to so many bytes together, `bytes_max` being asked each time.

    It stands outermost: who reads the form first, and that is who looks for its token, decides what becomes of files.
    """

    def make(view: View) -> View:
        protected = csrf_protect(view)

        @wraps(view)
        def answer(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponseBase:
            # Not left to whoever collects what nobody needs any more: that may be in an hour, and files are large.
            with closing(_Keeper(request, bytes_max=bytes_max())) as keeper:
                request.upload_handlers = [keeper]
                return protected(request, *args, **kwargs)

        return csrf_exempt(answer)

    return make


def takes_long_file(*, bytes_max: Callable[[], int]) -> Callable[[View], View]:
    """This function will do as takes_file for files that are longer than what anybody may send.

    It stands directly above the view, below what asks who is there: until he has been let in, nothing of it is read.
    """

    def make(view: View) -> View:
        taking = takes_file(bytes_max=bytes_max)(view)

        @wraps(taking)
        def answer(request: HttpRequest, /, *args: object, **kwargs: object) -> HttpResponseBase:
            try:
                return taking(request, *args, **kwargs)
            finally:
                memory.give_back()

        made: Any = answer
        # What stands above it takes this on.
        made.takes_long = True
        answering: View = made
        return answering

    return make


def sent_file(request: HttpRequest, name: str, *, bytes_max: int) -> IO[bytes] | None:
    """This function will return a file of a form, open at its beginning, None without one; raises FileTooLarge.

    It is closed when the view has answered.
    """
    if getattr(request, _FLAG, False):
        raise FileTooLarge(f"The file is larger than {bytes_max} bytes.")
    found = request.FILES.get(name)
    file: IO[bytes] | None = found.file if found is not None else None
    return file


def read_file(request: HttpRequest, name: str, *, bytes_max: int) -> bytes:
    """This function will return what a file of a form holds, b"" without one; raises FileTooLarge."""
    file = sent_file(request, name, bytes_max=bytes_max)
    return file.read() if file is not None else b""
