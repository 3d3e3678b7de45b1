"""The customers' addresses."""

from __future__ import annotations

from django.urls import path

from evertill.entry.shop import views

app_name = "shop"
urlpatterns = [
    path("", views.show_products, name="products"),
    path("products/<str:slug>", views.show_product, name="product"),
    path("pay/return", views.show_payment, name="payment"),
    path("language/<str:code>", views.choose_language, name="language"),
]
