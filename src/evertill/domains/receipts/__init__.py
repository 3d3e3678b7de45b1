"""Receipts: signed proofs of what the shop acknowledged, which a customer can check anywhere.

Orders that are placed together share one signature over a Merkle tree (RFC 6962) of their facts.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.receipts import key_file, rules, texts, tree
    from evertill.domains.receipts.key_file import KeysTold
    from evertill.domains.receipts.operations import ask_to_record, sign_batch
    from evertill.domains.receipts.queries import read_batches, read_keys
    from evertill.domains.receipts.rules import RIGHTS, OtherShop, ReceiptAltered, position_in, verify
    from evertill.domains.receipts.sealing import Signer, contact_digest, forget_signer, is_own, rotate, signer
    from evertill.domains.receipts.texts import NotAReceipt, ReceiptTooBig, read
    from evertill.domains.receipts.types import Batch, FactLine, Facts, LineLike, PublicKey, Receipt

__getattr__ = open_door(__name__)

__all__ = [
    "RIGHTS",
    "Batch",
    "FactLine",
    "Facts",
    "KeysTold",
    "LineLike",
    "NotAReceipt",
    "OtherShop",
    "PublicKey",
    "Receipt",
    "ReceiptAltered",
    "ReceiptTooBig",
    "Signer",
    "ask_to_record",
    "contact_digest",
    "forget_signer",
    "is_own",
    "key_file",
    "position_in",
    "read",
    "read_batches",
    "read_keys",
    "rotate",
    "rules",
    "sign_batch",
    "signer",
    "texts",
    "tree",
    "verify",
]
