"""Load the demo catalogue: a shop for people who are up at night, in English and Simplified Chinese."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evertill.domains import catalog, stock
from evertill.kernel import db


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sold:
    """A variant: minor units of GBP, CNY and USD, and the pieces to begin with (None: it cannot run out)."""

    sku: str
    gbp: int
    cny: int
    usd: int
    pieces: int | None
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    slug: str
    en: tuple[str, str]
    zh: tuple[str, str]
    shelves: tuple[str, ...]
    sold: tuple[_Sold, ...]


_SHELVES = (
    catalog.CategoryDraft(slug="to-drink", titles={"en": "To drink", "zh-hans": "喝的"}, parent=""),
    catalog.CategoryDraft(slug="tea", titles={"en": "Tea", "zh-hans": "茶"}, parent="to-drink"),
    catalog.CategoryDraft(slug="coffee", titles={"en": "Coffee", "zh-hans": "咖啡"}, parent="to-drink"),
    catalog.CategoryDraft(slug="to-eat", titles={"en": "To eat", "zh-hans": "吃的"}, parent=""),
    catalog.CategoryDraft(slug="to-read-by", titles={"en": "To read and write by", "zh-hans": "夜读夜写"}, parent=""),
    catalog.CategoryDraft(slug="to-sleep", titles={"en": "To sleep well", "zh-hans": "好眠"}, parent=""),
    catalog.CategoryDraft(slug="gifts", titles={"en": "Gifts", "zh-hans": "礼物"}, parent=""),
)


_PRODUCTS = (
    _Shown(
        slug="night-shift-oolong",
        en=("Night Shift Oolong", "A roasted oolong that keeps its calm through four infusions. Whole leaf."),
        zh=("夜班乌龙", "焙火乌龙，整叶，四泡之后依然从容。"),
        shelves=("tea",),
        sold=(
            _Sold(sku="TEA-001", title="Night Shift Oolong, 50 g", gbp=850, cny=6800, usd=1050, pieces=500),
            _Sold(sku="TEA-002", title="Night Shift Oolong, 150 g", gbp=2150, cny=16800, usd=2650, pieces=200),
        ),
    ),
    _Shown(
        slug="chamomile-at-three",
        en=("Chamomile at Three", "Whole chamomile flowers and a little lemon verbena. No caffeine, no hurry."),
        zh=("三点洋甘菊", "整朵洋甘菊配少许柠檬马鞭草。不含咖啡因，也不着急。"),
        shelves=("tea", "to-sleep"),
        sold=(_Sold(sku="TEA-003", gbp=690, cny=5600, usd=850, pieces=240),),
    ),
    _Shown(
        slug="small-hours-coffee",
        en=("Small Hours Coffee", "A soft Yunnan arabica with cocoa and plum, roasted for slow pouring."),
        zh=("凌晨咖啡", "云南小粒咖啡，可可与李子的香气，适合慢慢手冲。"),
        shelves=("coffee",),
        sold=(
            _Sold(sku="COF-001-B", title="Small Hours Coffee, beans, 250 g", gbp=1100, cny=8800, usd=1350, pieces=160),
            _Sold(sku="COF-001-G", title="Small Hours Coffee, ground, 250 g", gbp=1100, cny=8800, usd=1350, pieces=120),
        ),
    ),
    _Shown(
        slug="amber-reading-lamp",
        en=("Amber Reading Lamp", "A clip lamp of 1,800 kelvin: enough to read by, and not enough to wake anyone."),
        zh=("琥珀阅读灯", "1800 开暖光夹灯：够你读书，又不惊动旁人。"),
        shelves=("to-read-by",),
        sold=(_Sold(sku="LMP-001", gbp=2900, cny=22800, usd=3600, pieces=60),),
    ),
    _Shown(
        slug="unlined-notebook",
        en=("Unlined Notebook", "192 blank pages that lie flat, sewn, for what comes to you in the dark."),
        zh=("空白笔记本", "192 页无格纸，线装平摊，记下夜里冒出的念头。"),
        shelves=("to-read-by", "gifts"),
        sold=(
            _Sold(sku="NTB-001-N", title="Unlined Notebook, navy", gbp=1250, cny=9800, usd=1550, pieces=90),
            _Sold(sku="NTB-001-R", title="Unlined Notebook, russet", gbp=1250, cny=9800, usd=1550, pieces=90),
        ),
    ),
    _Shown(
        slug="quiet-alarm-clock",
        en=("Quiet Alarm Clock", "It has no tick and no screen. It wakes you with light, and a bell if you insist."),
        zh=("静音闹钟", "没有滴答声，也没有屏幕。先用光叫醒你，实在不醒才响铃。"),
        shelves=("to-sleep",),
        sold=(_Sold(sku="CLK-001", gbp=4200, cny=33800, usd=5200, pieces=35),),
    ),
    _Shown(
        slug="wool-blanket",
        en=("Wool Blanket", "Undyed lambswool, 140 by 190 cm, heavy enough to mean it."),
        zh=("羊毛毯", "本色羊羔毛，140 × 190 厘米，分量十足。"),
        shelves=("to-sleep", "gifts"),
        sold=(_Sold(sku="BLK-001", gbp=7800, cny=62800, usd=9600, pieces=24),),
    ),
    _Shown(
        slug="ear-plugs",
        en=("Ear Plugs, Six Pairs", "Soft wax and cotton. The neighbours may carry on."),
        zh=("耳塞（六副）", "软蜡与棉。邻居请随意。"),
        shelves=("to-sleep",),
        sold=(_Sold(sku="EAR-001", gbp=590, cny=4600, usd=750, pieces=400),),
    ),
    _Shown(
        slug="midnight-noodles",
        en=("Midnight Noodles", "Wheat noodles with scallion oil, in four minutes. Four portions."),
        zh=("深夜葱油面", "小麦面配葱油，四分钟上桌。四人份。"),
        shelves=("to-eat",),
        sold=(_Sold(sku="NDL-001", gbp=980, cny=5800, usd=1200, pieces=150),),
    ),
    _Shown(
        slug="star-chart",
        en=("Star Chart", "The northern sky through the year, letterpress, 50 by 70 cm. Faintly glows."),
        zh=("北天星图", "四季北天星空，活版印刷，50 × 70 厘米，微微发光。"),
        shelves=("to-read-by", "gifts"),
        sold=(_Sold(sku="MAP-001", gbp=2400, cny=18800, usd=2950, pieces=8),),
    ),
    _Shown(
        slug="thermos-flask",
        en=("Thermos Flask", "Keeps tea hot from dusk until the first train. 600 ml, steel."),
        zh=("保温壶", "从黄昏到头班车，茶一直是热的。600 毫升，不锈钢。"),
        shelves=("to-drink",),
        sold=(
            _Sold(sku="FLK-001-S", title="Thermos Flask, steel", gbp=2600, cny=19800, usd=3200, pieces=70),
            _Sold(sku="FLK-001-K", title="Thermos Flask, black", gbp=2600, cny=19800, usd=3200, pieces=70),
        ),
    ),
    _Shown(
        slug="gift-card",
        en=("Gift Card", "Sent by e-mail at any hour. It does not expire, and it never runs out."),
        zh=("电子礼品卡", "随时以电子邮件送达。永不过期，也永不售罄。"),
        shelves=("gifts",),
        sold=(
            _Sold(sku="GIFT-10", title="Gift Card, 10", gbp=1000, cny=10000, usd=1000, pieces=None),
            _Sold(sku="GIFT-25", title="Gift Card, 25", gbp=2500, cny=25000, usd=2500, pieces=None),
        ),
    ),
)


def load_demo(*, now: dt.datetime) -> None:
    """This function will put the demo catalogue on show; loading it again changes nothing, stock least of all."""
    pieces = {variant.sku: variant.pieces for product in _PRODUCTS for variant in product.sold}
    with db.write():
        catalog.categories.save_categories(drafts=_SHELVES)
        catalog.save_products(drafts=[_draft(product) for product in _PRODUCTS], now=now)
        known = stock.read_items(skus=pieces)
        new = {sku: count for sku, count in pieces.items() if sku not in known}
        stock.open_items(kinds={sku: _kind(count) for sku, count in new.items()})
        stock.move(
            movements=[
                stock.Movement(sku=sku, kind=stock.MovementKind.RECEIVED, quantity=count)
                for sku, count in new.items()
                if count is not None
            ],
            now=now,
            reason="demo",
        )


def _kind(pieces: int | None) -> stock.Kind:
    return stock.Kind.UNLIMITED if pieces is None else stock.Kind.COUNTED


def _draft(product: _Shown) -> catalog.ProductDraft:
    return catalog.ProductDraft(
        slug=product.slug,
        texts={"en": _text(product.en), "zh-hans": _text(product.zh)},
        variants=[
            catalog.VariantDraft(
                sku=variant.sku,
                title=variant.title or product.en[0],
                prices={"GBP": variant.gbp, "CNY": variant.cny, "USD": variant.usd},
            )
            for variant in product.sold
        ],
        categories=product.shelves,
    )


def _text(pair: tuple[str, str]) -> catalog.Text:
    title, text = pair
    return catalog.Text(title=title, text=text)
