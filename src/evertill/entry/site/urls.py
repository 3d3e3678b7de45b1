"""Where the pages are."""

from django.urls import URLPattern, URLResolver, include, path

from evertill.entry.pages.audience import require_audiences

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("evertill.entry.shop.account.urls")),
    path("desk/", include("evertill.entry.desk.urls")),
    path("", include("evertill.entry.shop.urls")),
]
require_audiences(urlpatterns)

handler400 = "evertill.entry.site.answers.bad_request"
handler403 = "evertill.entry.site.answers.refused"
handler404 = "evertill.entry.site.answers.not_found"
handler500 = "evertill.entry.site.answers.failed"
