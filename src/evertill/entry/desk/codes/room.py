"""Codes: licence keys and vouchers, uploaded here, sold as stock, and seen by whoever bought them alone."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from evertill.domains.access import Permission
from evertill.entry.desk.codes import views
from evertill.entry.desk.rooms import Room, Shelf

ROOM = Room(
    name="codes",
    title=_("Codes"),
    shelf=Shelf.GOODS,
    rank=40,
    permission=Permission.CODES_UPLOAD,
    urls=[path("", views.index, name="index"), path("upload", views.upload, name="upload")],
    done={"uploaded": _("The codes are kept, and so many pieces are on sale.")},
    failures={
        "CODES_UNUSABLE": (
            _("These codes cannot be taken for this SKU."),
            _("No code was taken."),
            _("It is sold by codes if it is counted, and if nothing lies on the shelf without one."),
        ),
        "CODES_REJECTED": (
            _("There is no code in it that could be taken."),
            _("No code was taken."),
            _("Look at the lines below, and upload others."),
        ),
        "CODES_OUTDATED": (
            _("This preview is too old, or is somebody else's."),
            _("No code was taken."),
            _("Paste the codes again."),
        ),
    },
)
