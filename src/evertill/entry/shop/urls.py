"""The customers' addresses."""

from __future__ import annotations

from django.urls import path

from evertill.entry.shop import (
    buying,
    cart_views,
    claiming,
    finding,
    history,
    order_codes,
    order_views,
    paying,
    reordering,
    views,
)

app_name = "shop"
urlpatterns = [
    path("", views.show_home, name="home"),
    path("products", views.show_products, name="products"),
    path("categories/<str:slug>", views.show_category, name="category"),
    path("products/<str:slug>", views.show_product, name="product"),
    path("cart", cart_views.show_cart, name="cart"),
    path("cart/add", cart_views.add_to_cart, name="cart-add"),
    path("cart/change", cart_views.change_cart, name="cart-change"),
    path("checkout", buying.check_out, name="checkout"),
    # Before the number that any other word would be.
    path("orders/find", finding.find, name="find"),
    path("orders/<str:number>", order_views.show_order, name="order"),
    path("orders/<str:number>/again", reordering.order_again, name="order-again"),
    path("orders/<str:number>/pay", paying.pay, name="order-pay"),
    path("orders/<str:number>/payments/<str:payment>", paying.show_payment, name="order-payment"),
    path("orders/<str:number>/cancel", order_views.cancel, name="order-cancel"),
    path("orders/<str:number>/answer", order_views.answer, name="order-answer"),
    path("orders/<str:number>/receipt", order_views.show_receipt, name="order-receipt"),
    path("orders/<str:number>/proof", order_views.show_proof, name="order-proof"),
    path("orders/<str:number>/proof/file", order_views.save_proof, name="order-proof-file"),
    path("orders/<str:number>/codes", order_codes.show_codes, name="order-codes"),
    path("claims/new", claiming.new_claim, name="claim-new"),
    path("claims/<str:number>", claiming.show_claim, name="claim"),
    path("claims/<str:number>/prove", claiming.prove_claim, name="claim-prove"),
    path("claims/<str:number>/withdraw", claiming.withdraw_claim, name="claim-withdraw"),
    path("account/orders", history.show_orders, name="orders"),
    path("pay/return", views.show_payment, name="payment"),
    path("place/<str:code>", views.choose_place, name="place"),
]
