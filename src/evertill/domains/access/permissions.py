"""What people may do: one table of permissions, each in plain words, and the roles that are made of them.

Whatever is not in a person's roles is refused. A room of the shop that staff enter adds its permissions here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """What can be allowed: a room, a dot, and what is done there."""

    SHOP_ORDER = "shop.order"
    OWN_ORDERS = "own.orders"
    OWN_PAYMENTS = "own.payments"
    OWN_ACCOUNT = "own.account"
    OWN_CONVERSATIONS = "own.conversations"

    ORDERS_READ = "orders.read"
    ORDERS_REVIEW = "orders.review"
    ORDERS_MAKE = "orders.make"
    ORDERS_CANCEL = "orders.cancel"
    ORDERS_FULFIL = "orders.fulfil"
    ORDERS_REFUND = "orders.refund"
    REFUNDS_APPROVE = "refunds.approve"
    ORDERS_REBUILD = "orders.rebuild"
    REBUILDS_APPROVE = "rebuilds.approve"

    CLAIMS_READ = "claims.read"
    CLAIMS_HANDLE = "claims.handle"
    COMPENSATION_GIVE = "compensation.give"
    COMPENSATION_DEFINE = "compensation.define"
    COMPENSATION_APPROVE = "compensation.approve"

    PAYMENTS_READ = "payments.read"
    PAYMENTS_CONFIRM = "payments.confirm"
    DISPUTES_HANDLE = "disputes.handle"
    BALANCES_MANAGE = "balances.manage"
    BOOKS_READ = "books.read"
    BOOKS_RECONCILE = "books.reconcile"

    CATALOG_EDIT = "catalog.edit"
    STOCK_EDIT = "stock.edit"
    CODES_UPLOAD = "codes.upload"
    PRICES_EDIT = "prices.edit"
    PRICES_APPROVE = "prices.approve"

    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_HELP = "customers.help"
    CUSTOMERS_DELETE = "customers.delete"
    DATA_EXPORT = "data.export"
    EXPORTS_APPROVE = "exports.approve"
    MESSAGES_RESEND = "messages.resend"

    ACCESS_READ = "access.read"
    ACCESS_GRANT = "access.grant"
    ACCESS_DEFINE = "access.define"
    ACCESS_APPROVE = "access.approve"
    ACCESS_OWN = "access.own"
    TOKENS_MANAGE = "tokens.manage"

    ALERTS_READ = "alerts.read"
    ALERTS_CLOSE = "alerts.close"
    SETTINGS_EDIT = "settings.edit"
    SETTINGS_APPROVE = "settings.approve"
    KEYS_ROTATE = "keys.rotate"
    BACKUPS_READ = "backups.read"
    BACKUPS_TAKE = "backups.take"
    BACKUPS_RESTORE = "backups.restore"
    RESTORES_APPROVE = "restores.approve"
    TRAIL_READ = "trail.read"
    TRAIL_EXPORT = "trail.export"


class Reach(StrEnum):
    """On whose things a permission works."""

    OWN = "OWN"
    ANY = "ANY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a permission lets somebody do. Without `approved_by` he does it alone."""

    says: str
    reach: Reach = Reach.ANY
    is_read: bool = False
    # What another person has to hold who approves of it: always, or beyond a limit that the operation knows.
    approved_by: Permission | None = None


def _own(says: str) -> Declared:
    return Declared(says=says, reach=Reach.OWN)


def _reads(says: str) -> Declared:
    return Declared(says=says, is_read=True)


def _does(says: str, *, approved_by: Permission | None = None) -> Declared:
    return Declared(says=says, approved_by=approved_by)


P = Permission
PERMISSIONS: Mapping[Permission, Declared] = MappingProxyType(
    {
        P.SHOP_ORDER: _does("Place orders as a customer."),
        P.OWN_ORDERS: _own("See, pay and cancel one's own orders."),
        P.OWN_PAYMENTS: _own("See what one paid, and what came back."),
        P.OWN_ACCOUNT: _own("See and change one's own account, addresses, devices and ways to sign in."),
        P.OWN_CONVERSATIONS: _own("Write with the shop, and read one's own conversations."),
        P.ORDERS_READ: _reads("See any order, with what its customer left to be reached by."),
        P.ORDERS_REVIEW: _does(
            "Approve an order that waits for review, ask its customer, or refuse it, which gives back what was paid;"
            " above the limit of refunds only when another person has approved it.",
            approved_by=P.REFUNDS_APPROVE,
        ),
        P.ORDERS_MAKE: _does("Make an order by hand for a customer."),
        P.ORDERS_CANCEL: _does("Cancel any order that nobody has paid."),
        P.ORDERS_FULFIL: _does("Hand goods over, and say what was sent."),
        P.ORDERS_REFUND: _does(
            "Give money back for any order; above the limit only what another person has approved.",
            approved_by=P.REFUNDS_APPROVE,
        ),
        P.REFUNDS_APPROVE: _does("Approve a refund above the limit that somebody else has asked for."),
        P.ORDERS_REBUILD: _does(
            "Put a lost order back from its receipt, once another person has approved it.",
            approved_by=P.REBUILDS_APPROVE,
        ),
        P.REBUILDS_APPROVE: _does("Approve that somebody else puts a lost order back."),
        P.CLAIMS_READ: _reads("See any claim of a customer's, with his clues and what was found."),
        P.CLAIMS_HANDLE: _does("Answer claims, and have what they are about looked for again."),
        P.COMPENSATION_GIVE: _does(
            "Compensate a customer as the policy says; above its limit only what another person has approved.",
            approved_by=P.COMPENSATION_APPROVE,
        ),
        P.COMPENSATION_DEFINE: _does(
            "Declare what the shop promises when something goes wrong, once another person has approved it.",
            approved_by=P.COMPENSATION_APPROVE,
        ),
        P.COMPENSATION_APPROVE: _does("Approve a compensation, or a policy of them, that somebody else has asked for."),
        P.PAYMENTS_READ: _reads("See any payment, refund and dispute."),
        P.PAYMENTS_CONFIRM: _does("Say that money came in by bank transfer or in cash, or went back by hand."),
        P.DISPUTES_HANDLE: _does("Answer disputes, and put goods of lost ones back on sale."),
        P.BALANCES_MANAGE: _does("Open, top up and block prepaid balances."),
        P.BOOKS_READ: _reads("See the ledger, bills and what does not add up."),
        P.BOOKS_RECONCILE: _does("Compare a provider's bill with the books, and settle differences."),
        P.CATALOG_EDIT: _does("Change what is for sale, its texts and pictures, and whether it is shown."),
        P.STOCK_EDIT: _does("Say what came in and what was counted, lost or broken."),
        P.CODES_UPLOAD: _does("Upload the codes of digital goods; nobody at the desk can see one of them again."),
        P.PRICES_EDIT: _does(
            "Change prices; by more than the percentage only what another person has approved.",
            approved_by=P.PRICES_APPROVE,
        ),
        P.PRICES_APPROVE: _does("Approve a large change of a price that somebody else has asked for."),
        P.CUSTOMERS_READ: _reads("See a customer's account, how he can be reached, and his devices."),
        P.CUSTOMERS_HELP: _does("End a customer's sessions, and help him into his account as the rules allow."),
        P.CUSTOMERS_DELETE: _does(
            "Delete a customer's account at his request, once another person has approved it.",
            approved_by=P.EXPORTS_APPROVE,
        ),
        P.DATA_EXPORT: _does(
            "Take personal data of others out of the shop, once another person has approved it.",
            approved_by=P.EXPORTS_APPROVE,
        ),
        P.EXPORTS_APPROVE: _does(
            "Approve that somebody else takes personal data out, or deletes a customer's account."
        ),
        P.MESSAGES_RESEND: _does("Have a message to a customer sent again."),
        P.ACCESS_READ: _reads("See who works for the shop, in which roles, and who gave them."),
        P.ACCESS_GRANT: _does(
            "Give roles to others, and take them, within what one holds oneself, once another person has approved it.",
            approved_by=P.ACCESS_APPROVE,
        ),
        P.ACCESS_DEFINE: _does(
            "Compose roles of one's own from what one holds oneself, once another person has approved it.",
            approved_by=P.ACCESS_APPROVE,
        ),
        P.ACCESS_APPROVE: _does("Approve a change of roles, or a new API token, that somebody else has asked for."),
        P.ACCESS_OWN: _does("Own the shop: nobody but an owner makes another one."),
        P.TOKENS_MANAGE: _does(
            "Issue API tokens for what one may do oneself, once another person has approved it, and revoke any.",
            approved_by=P.ACCESS_APPROVE,
        ),
        P.ALERTS_READ: _reads("See what somebody has to look at."),
        P.ALERTS_CLOSE: _does("Close an alert, saying what was done."),
        P.SETTINGS_EDIT: _does(
            "Change the shop's settings; those that guard money or customers only once another person has approved it.",
            approved_by=P.SETTINGS_APPROVE,
        ),
        P.SETTINGS_APPROVE: _does("Approve a change of settings that guard money or customers."),
        P.KEYS_ROTATE: _does("Have the keys made anew that encrypt what is stored."),
        P.BACKUPS_READ: _reads("See backups and restore drills, and what would be lost if the machine burned now."),
        P.BACKUPS_TAKE: _does("Have a backup taken, or a restore drill held, now."),
        P.BACKUPS_RESTORE: _does(
            "Restore a backup over live data, once another person has approved it.", approved_by=P.RESTORES_APPROVE
        ),
        P.RESTORES_APPROVE: _does("Approve that somebody else restores a backup over live data."),
        P.TRAIL_READ: _reads("Search the audit trail."),
        P.TRAIL_EXPORT: _does("Take records of the audit trail out of the shop; that is recorded."),
    }
)

CUSTOMER, GUEST, SUPPORT, FULFILMENT, FINANCE = "customer", "guest", "support", "fulfilment", "finance"
RISK_REVIEWER, AUDITOR, ADMINISTRATOR, OWNER = "risk-reviewer", "auditor", "administrator", "owner"

_STAFF = frozenset(p for p in Permission if PERMISSIONS[p].reach is Reach.ANY) - {P.SHOP_ORDER}
_READS = frozenset(p for p in Permission if PERMISSIONS[p].is_read)
_SUPPORT = frozenset(
    {
        P.ORDERS_READ,
        P.ORDERS_MAKE,
        P.ORDERS_CANCEL,
        P.ORDERS_REFUND,
        P.CLAIMS_READ,
        P.CLAIMS_HANDLE,
        P.COMPENSATION_GIVE,
        P.ORDERS_REBUILD,
        P.PAYMENTS_READ,
        P.CUSTOMERS_READ,
        P.CUSTOMERS_HELP,
        P.MESSAGES_RESEND,
        P.ALERTS_READ,
    }
)
_FULFILMENT = frozenset({P.ORDERS_READ, P.ORDERS_FULFIL, P.STOCK_EDIT, P.ALERTS_READ})
_RISK_REVIEWER = frozenset({P.ORDERS_READ, P.ORDERS_REVIEW, P.PAYMENTS_READ, P.CUSTOMERS_READ, P.ALERTS_READ})
# Everybody has the first two by himself; the others are given.
BUILT_IN: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        CUSTOMER: frozenset({P.SHOP_ORDER, P.OWN_ORDERS, P.OWN_PAYMENTS, P.OWN_ACCOUNT, P.OWN_CONVERSATIONS}),
        GUEST: frozenset({P.SHOP_ORDER, P.OWN_ORDERS, P.OWN_PAYMENTS}),
        SUPPORT: _SUPPORT,
        FULFILMENT: _FULFILMENT,
        FINANCE: frozenset(
            {
                P.ORDERS_READ,
                P.REFUNDS_APPROVE,
                P.CLAIMS_READ,
                P.COMPENSATION_APPROVE,
                P.REBUILDS_APPROVE,
                P.PAYMENTS_READ,
                P.PAYMENTS_CONFIRM,
                P.DISPUTES_HANDLE,
                P.BALANCES_MANAGE,
                P.BOOKS_READ,
                P.BOOKS_RECONCILE,
                P.PRICES_APPROVE,
                P.SETTINGS_APPROVE,
                P.ALERTS_READ,
                P.ALERTS_CLOSE,
            }
        ),
        RISK_REVIEWER: _RISK_REVIEWER,
        AUDITOR: _READS,
        # Nobody gives what he does not hold; so whoever brings staff in holds what they get.
        ADMINISTRATOR: _READS
        | _SUPPORT
        | _FULFILMENT
        | _RISK_REVIEWER
        | {
            P.CATALOG_EDIT,
            P.CODES_UPLOAD,
            P.PRICES_EDIT,
            P.CUSTOMERS_DELETE,
            P.DATA_EXPORT,
            P.ACCESS_GRANT,
            P.ACCESS_DEFINE,
            P.TOKENS_MANAGE,
            P.ALERTS_CLOSE,
            P.SETTINGS_EDIT,
            P.COMPENSATION_DEFINE,
            P.KEYS_ROTATE,
            P.BACKUPS_TAKE,
            P.BACKUPS_RESTORE,
            P.TRAIL_EXPORT,
        },
        OWNER: _STAFF,
    }
)
# What can be given to somebody, or taken.
GIVEN = frozenset(BUILT_IN) - {CUSTOMER, GUEST}
STAFF_PERMISSIONS = _STAFF
