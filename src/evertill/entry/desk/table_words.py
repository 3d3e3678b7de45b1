"""Why a row of a table cannot be used, for whoever translates: the journeys that read tables say these sentences."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

REASONS = (
    _("A new product needs a title in the shop's first language."),
    _("A product has a title in the shop's first language."),
    _("A variant has a title in the shop's first language."),
    _("Another row says something else of %(column)s of the same product."),
    _("Its version cannot be read. Save the table anew and make the change there."),
    _("SKU %(sku)s belongs to the product %(home)s, not to %(slug)s."),
    _("SKU %(sku)s cannot run out, so its stock is left empty."),
    _("SKU %(sku)s stands in row %(line)s too."),
    _("%(name)s stands in row %(line)s too."),
    _("The column kind is COUNTED or UNLIMITED."),
    _("The column shown is yes or no."),
    _("The column status is DRAFT, ACTIVE or ARCHIVED."),
    _("The row was saved with another SKU than %(sku)s. Spreadsheets drop leading zeros, for example."),
    _("The stock is empty; enter 0 when nothing is left."),
    _("There is a text in %(column)s and no title in that language."),
    _("There is no SKU %(sku)s any more."),
    _("There is no SKU %(sku)s. Spreadsheets drop leading zeros, for example."),
    _("There is no such category; the column categories has their addresses, apart by ;"),
    _("This row does not fit the heading: it has too many or too few cells, or a quotation mark that is never closed."),
    _("This cannot be a SKU."),
    _("This is not a currency code of three capital letters."),
    _("This is not a number of pieces."),
    _("This is not a price; write it like 1234.50, without signs or separators."),
    _("What stands in %(column)s is too long, or has a character that cannot be there."),
    _("Whether SKU %(sku)s can run out is not changed by a table."),
)
