"""Which return takes back which sale, and why the others are left: a rule over a file, without a shop."""

from __future__ import annotations

from pathlib import Path

from evertill.journeys.replay_invoices import read_invoices
from evertill.journeys.replay_returns import NoRefund, PartsTally, Returns, match_returns, tally_of_parts

HEAD = "InvoiceNo,StockCode,Description,Quantity,UnitPrice,CustomerID,Country"


def match(tmp_path: Path, *lines: str) -> Returns:
    """What becomes of the returns among lines of invoice, SKU, quantity, price and customer."""
    path = tmp_path / "invoices.csv"
    rows = []
    for line in lines:
        invoice, sku, quantity, price, customer = line.split(",")
        rows.append(f"{invoice},{sku},x,{quantity},{price},{customer},UK")
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="cp1252")
    return match_returns(read_invoices(path))


def refunds(matched: Returns) -> list[tuple[str, str, list[tuple[str, int, int]]]]:
    return [
        (item.invoice, item.sold_by, [(part.returned.sku, part.quantity, part.amount) for part in item.parts])
        for item in matched.refunds
    ]


def left(matched: Returns) -> list[tuple[str, int, NoRefund]]:
    return [(item.part.returned.invoice, item.part.quantity, item.why) for item in matched.left]


class TestMatching:
    def test_takes_back_what_the_same_customer_bought_earlier(self, tmp_path: Path) -> None:
        matched = match(tmp_path, "1,22222,5,2.50,ada", "2,22222,5,2.50,bob", "C3,22222,-2,2.50,ada")

        assert refunds(matched) == [("C3", "1", [("22222", 2, 500)])]
        assert left(matched) == []

    def test_takes_from_the_latest_sale_first_and_goes_on_with_the_one_before(self, tmp_path: Path) -> None:
        matched = match(
            tmp_path, "1,22222,5,2.50,ada", "2,22222,3,2.50,ada", "C3,22222,-4,2.50,ada", "C4,22222,-4,2.50,ada"
        )

        assert refunds(matched) == [
            ("C3", "2", [("22222", 3, 750)]),
            ("C3", "1", [("22222", 1, 250)]),
            ("C4", "1", [("22222", 4, 1000)]),
        ]
        assert left(matched) == []

    def test_one_return_of_one_sale_is_one_refund(self, tmp_path: Path) -> None:
        matched = match(
            tmp_path,
            "1,22222,5,2.50,ada",
            "1,33333,2,1,ada",
            "1,22222,1,2.50,ada",
            "C2,22222,-6,2.50,ada",
            "C2,33333,-1,1,ada",
        )

        assert refunds(matched) == [("C2", "1", [("22222", 1, 250), ("22222", 5, 1250), ("33333", 1, 100)])]
        (refund,) = matched.refunds
        assert tally_of_parts(refund.parts) == PartsTally(lines=2, units=7, amount=1600)

    def test_takes_no_piece_back_twice(self, tmp_path: Path) -> None:
        matched = match(
            tmp_path, "1,22222,5,2.50,ada", "C2,22222,-4,2.50,ada", "C3,22222,-4,2.50,ada", "C4,22222,-1,2.50,ada"
        )

        assert refunds(matched) == [("C2", "1", [("22222", 4, 1000)]), ("C3", "1", [("22222", 1, 250)])]
        assert left(matched) == [("C3", 3, NoRefund.TOO_MANY), ("C4", 1, NoRefund.TOO_MANY)]

    def test_takes_back_the_sale_at_the_price_that_is_returned(self, tmp_path: Path) -> None:
        matched = match(
            tmp_path, "1,22222,5,2.50,ada", "2,22222,5,2.10,ada", "C3,22222,-1,2.50,ada", "C4,22222,-6,2.10,ada"
        )

        assert refunds(matched) == [("C3", "1", [("22222", 1, 250)]), ("C4", "2", [("22222", 5, 1050)])]
        assert left(matched) == [("C4", 1, NoRefund.TOO_MANY)]

    def test_a_line_with_less_than_nothing_is_a_return_in_any_invoice(self, tmp_path: Path) -> None:
        matched = match(tmp_path, "1,22222,5,2.50,ada", "2,22222,-1,2.50,ada")

        assert refunds(matched) == [("2", "1", [("22222", 1, 250)])]

    def test_the_same_file_gives_the_same_keys_and_each_refund_its_own(self, tmp_path: Path) -> None:
        lines = ("1,22222,5,2.50,ada", "2,22222,3,2.50,ada", "C3,22222,-4,2.50,ada", "C4,22222,-4,2.50,ada")

        first, second = match(tmp_path, *lines), match(tmp_path, *lines)

        assert first == second
        assert [item.key[len("replay-") + 17 :] for item in first.refunds] == ["2/C3", "1/C3", "1/C4"]


class TestLeaving:
    def test_says_why(self, tmp_path: Path) -> None:
        matched = match(
            tmp_path,
            "C1,22222,-1,2.50,ada",
            "2,22222,5,2.50,ada",
            "2,POST,1,18,ada",
            "2,PADS,1,18,ada",
            "2,22222a,1,2.50,ada",
            "2,33333,1,2.50,",
            "C3,POST,-1,18,ada",
            "C3,D,-1,27.50,ada",
            "4,22222,-20,0,ada",
            "C5,33333,-1,2.50,",
            "C6,22222,-1,2.50,bob",
            "C6,22222A,-1,2.50,ada",
            "C7,22222,-1,2.10,ada",
            "C8,22222,-7,2.50,ada",
            "C9,PADS,-1,18,ada",
        )

        assert refunds(matched) == [("C8", "2", [("22222", 5, 1250)]), ("C9", "2", [("PADS", 1, 1800)])]
        assert left(matched) == [
            ("C1", 1, NoRefund.NOT_BOUGHT),
            ("C3", 1, NoRefund.NOT_GOODS),
            ("C3", 1, NoRefund.NOT_GOODS),
            ("4", 20, NoRefund.NO_VALUE),
            ("C5", 1, NoRefund.NO_CUSTOMER),
            ("C6", 1, NoRefund.NOT_BOUGHT),
            ("C6", 1, NoRefund.NOT_BOUGHT),
            ("C7", 1, NoRefund.PRICE_DIFFERS),
            ("C8", 2, NoRefund.TOO_MANY),
        ]

    def test_every_piece_is_given_back_or_left(self, tmp_path: Path) -> None:
        lines = ["1,22222,5,2.50,ada", "2,22222,3,2.50,ada", "C3,22222,-9,2.50,ada", "C4,22222,-9,2.50,bob"]

        matched = match(tmp_path, *lines)

        given = tally_of_parts(part for refund in matched.refunds for part in refund.parts)
        rest = tally_of_parts(item.part for item in matched.left)
        assert (given.units, rest.units) == (8, 10)
        assert given.amount + rest.amount == 18 * 250
