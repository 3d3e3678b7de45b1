"""Products over HTTP: what is on show, in the language that the client prefers, and whether there is any left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from evertill.entry.lane.document import problems
from evertill.entry.lane.orders import MoneyOut
from evertill.entry.lane.problems import InvalidField
from evertill.entry.lane.threads import in_thread
from evertill.journeys import browse_products
from evertill.journeys.browse_products import InvalidCursor, ProductOnSale, UnknownCategory, UnknownProduct

# The languages of an Accept-Language header that are looked at.
_LANGUAGES_MAX = 20


class VariantOut(msgspec.Struct, frozen=True):
    """What can be ordered: `left` is the number of pieces when few are left, and null otherwise."""

    sku: str
    title: str
    prices: Sequence[MoneyOut]
    in_stock: bool
    left: int | None


class ProductOut(msgspec.Struct, frozen=True):
    """A product; title and text are in `language`, categories are slugs."""

    slug: str
    language: str
    title: str
    text: str
    variants: Sequence[VariantOut]
    categories: Sequence[str]


class ProductsOut(msgspec.Struct, frozen=True):
    """One page of products; `next_cursor` asks for the next page, and is null on the last one."""

    products: Sequence[ProductOut]
    next_cursor: str | None


@get(
    "/products",
    summary="List products",
    description=(
        "In the order in which they came into the shop, sold-out ones included; of a search, those with all words in"
        " titles and SKUs come first."
    ),
    operation_id="listProducts",
    response_description="One page of products.",
    responses=problems(InvalidField, InvalidCursor, UnknownCategory),
    tags=["products"],
)
async def list_products(
    request: Request[Any, Any, Any],
    search: Annotated[
        str, QueryParameter(description="Words that must all occur in a title, a text or a SKU, in any language.")
    ] = "",
    category: Annotated[
        str, QueryParameter(description="Slug of a category; what is in one below it is in it too.")
    ] = "",
    cursor: Annotated[str | None, QueryParameter(description="The `next_cursor` of the page before.")] = None,
    limit: Annotated[
        int, QueryParameter(ge=1, le=1000, description="Products on a page; the shop may give fewer.")
    ] = 20,
) -> Response[ProductsOut]:
    """This function will return one page of products."""
    page = await in_thread(
        browse_products.list_products,
        languages=languages_of(request),
        search=search,
        category=category,
        cursor=cursor,
        limit=limit,
    )
    return Response(
        ProductsOut([_out(product) for product in page.products], page.next_cursor),
        headers={"vary": "Accept-Language", "cache-control": "no-cache"},
    )


@get(
    "/products/{slug:str}",
    summary="Read a product",
    operation_id="readProduct",
    response_description="The product.",
    responses=problems(UnknownProduct),
    tags=["products"],
)
async def read_product(request: Request[Any, Any, Any], slug: FromPath[str]) -> Response[ProductOut]:
    """This function will return one product."""
    product = await in_thread(browse_products.read_product, slug=slug, languages=languages_of(request))
    return Response(
        _out(product),
        headers={
            "vary": "Accept-Language",
            "cache-control": "no-cache",
            "content-language": product.language,
        },
    )


def languages_of(request: Request[Any, Any, Any]) -> list[str]:
    """This function will return the languages of the Accept-Language header, the most wanted first (RFC 9110 §12.5.4).

    What cannot be understood in it is passed over: a language is a wish, and no reason to refuse.
    """
    wanted: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:_LANGUAGES_MAX]:
        tag, _, parameter = part.strip().partition(";")
        name, _, weight = parameter.strip().partition("=")
        try:
            quality = float(weight) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
        if tag.strip() not in ("", "*") and 0 < quality <= 1:
            wanted.append((quality, tag.strip().lower()))
    return [tag for _, tag in sorted(wanted, key=lambda pair: -pair[0])]


def _out(product: ProductOnSale) -> ProductOut:
    return ProductOut(
        product.slug,
        product.language,
        product.title,
        product.text,
        [
            VariantOut(
                variant.sku,
                variant.title,
                [MoneyOut(amount, currency) for currency, amount in variant.prices.items()],
                variant.in_stock,
                variant.left,
            )
            for variant in product.variants
        ],
        product.categories,
    )
