"""Where the pages are."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("account/", include("evertill.entry.shop.account.urls")),
    path("", include("evertill.entry.shop.urls")),
]

handler400 = "evertill.entry.shop.answers.bad_request"
handler403 = "evertill.entry.shop.answers.refused"
handler404 = "evertill.entry.shop.answers.not_found"
handler500 = "evertill.entry.shop.answers.failed"
