"""Receipts: signed proofs of what the shop acknowledged, which a customer can check anywhere.

Orders that are placed together share one signature over a Merkle tree (RFC 6962) of their facts.
"""

from typing import TYPE_CHECKING

from evertill.kernel.door import open_door

if TYPE_CHECKING:
    from evertill.domains.receipts import key_file, rules, texts, tree
    from evertill.domains.receipts.key_file import KeysTold
    from evertill.domains.receipts.operations import (
        ask_to_record,
        claim_batches,
        put_back_unsigned,
        seal,
        sign_batch,
        take_chain,
    )
    from evertill.domains.receipts.queries import (
        find_chained_otherwise,
        head_of,
        read_batches,
        read_heads,
        read_keys,
        read_last_seal,
        stream_leaves,
        stream_sealed_events,
        verify_chain,
    )
    from evertill.domains.receipts.rules import RIGHTS, OtherShop, ReceiptAltered, position_in, verify
    from evertill.domains.receipts.sealing import (
        Signer,
        contact_digest,
        forget_signer,
        is_own,
        rotate,
        signer,
        trusted_keys,
    )
    from evertill.domains.receipts.texts import NotAReceipt, ReceiptTooBig, read
    from evertill.domains.receipts.types import (
        Batch,
        EventFact,
        FactLine,
        Facts,
        Head,
        Leaf,
        LineLike,
        PublicKey,
        Receipt,
        Seal,
        SealFault,
    )

__getattr__ = open_door(__name__)

__all__ = [
    "RIGHTS",
    "Batch",
    "EventFact",
    "FactLine",
    "Facts",
    "Head",
    "KeysTold",
    "Leaf",
    "LineLike",
    "NotAReceipt",
    "OtherShop",
    "PublicKey",
    "Receipt",
    "ReceiptAltered",
    "ReceiptTooBig",
    "Seal",
    "SealFault",
    "Signer",
    "ask_to_record",
    "claim_batches",
    "contact_digest",
    "find_chained_otherwise",
    "forget_signer",
    "head_of",
    "is_own",
    "key_file",
    "position_in",
    "put_back_unsigned",
    "read",
    "read_batches",
    "read_heads",
    "read_keys",
    "read_last_seal",
    "rotate",
    "rules",
    "seal",
    "sign_batch",
    "signer",
    "stream_leaves",
    "stream_sealed_events",
    "take_chain",
    "texts",
    "tree",
    "trusted_keys",
    "verify",
    "verify_chain",
]
