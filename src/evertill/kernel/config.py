"""Every setting and every limit, read once from the environment, checked, and frozen.

A setting is a field of `Config`; its environment variable is `EVERTILL_` and the name in capitals. Its help text is the
one source for docs/reference/settings.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from evertill.kernel import money, settings
from evertill.kernel.errors import ConfigError
from evertill.kernel.settings import Told, variable

_PHONE_REGION = "CN"


# Fields take values of many types, and dataclasses.field says of itself that it returns what it is given.
def _setting(default: Any, help_text: str, *, low: int = 0, high: int = 2**31 - 1, is_secret: bool = False) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"help": help_text, "low": low, "high": high, "is_secret": is_secret})


def _required(help_text: str, *, is_secret: bool) -> Any:  # noqa: ANN401
    return field(metadata={"help": help_text, "is_secret": is_secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of one node."""

    database_url: str = _required(
        "Address of the PostgreSQL database (15 or newer). `DATABASE_URL` is read too. `evertill up` sets it to the"
        " embedded server when neither is given.",
        is_secret=True,
    )
    secret: bytes = _required(
        "The shop's one secret, at least 32 bytes in base64; all other keys derive from it. `evertill up` makes one in"
        " the data folder. Every node of a shop needs the same.",
        is_secret=True,
    )
    owner_database_url: str = _setting(
        "",
        "Address of the same database as the role that owns its tables, where the shop works as one that does not;"
        " `evertill up` makes the tables as that one, and gives the other its rights.",
        is_secret=True,
    )
    data: Path = _setting(Path(), "Folder of everything this node keeps.")
    allowed_hosts: tuple[str, ...] = _setting(
        ("localhost", "127.0.0.1", "[::1]"), "Host names, separated by commas, that the pages answer to."
    )
    proxies: tuple[str, ...] = _setting(
        (),
        "Addresses or networks, separated by commas, of proxies in front whose `X-Forwarded-For` is believed; nobody's"
        " by default.",
    )
    languages: tuple[str, ...] = _setting(
        ("en", "zh-hans"), "Languages of the shop, separated by commas; the first is the default."
    )
    currencies: tuple[str, ...] = _setting(
        ("USD", "GBP", "EUR", "CNY", "HKD", "TWD", "JPY", "AUD", "CAD", "SGD"),
        "Currencies, separated by commas, that visitors can choose to see prices in; the first is for those whose"
        " language and country tell of none of them.",
    )
    shop_name: str = _setting(
        "", "What the shop is called, on its pages and wherever else customers read it; empty means Evertill."
    )
    phone_region: str = _setting(
        _PHONE_REGION,
        "Region (two capital letters) of telephone numbers that are written without their country.",
    )
    log_level: str = _setting("info", "Least level that is logged: debug, info, warning or error.")

    reservation_s: int = _setting(1800, "Seconds for which an unpaid order keeps its goods.", low=1, high=90 * 86400)
    rebuilt_keep_days: int = _setting(
        14, "Days for which an order that was put back from its receipt keeps its goods.", low=1, high=90
    )
    review_lease_min: int = _setting(
        15, "Minutes for which somebody who takes the review of an order has it.", low=1, high=480
    )
    find_batch_max: int = _setting(
        5000, "Orders that one transaction of the job makes findable for staff.", low=100, high=50_000
    )
    submission_keep_days: int = _setting(
        30, "Days for which a checkout that failed through our fault is kept; customers are told.", low=1, high=365
    )
    submission_batch_max: int = _setting(
        500, "Failed checkouts that one transaction looks through or removes.", low=1, high=5000
    )
    spool_bytes_max: int = _setting(
        16 << 20, "Bytes of failed checkouts that a node keeps while the database is away.", low=4096, high=1 << 30
    )
    claim_days: int = _setting(
        365,
        "Days for which an order that a guest placed can become that of an account with the same address: telephone"
        " numbers, above all, pass to other people.",
        low=0,
        high=3660,
    )
    claim_batch_max: int = _setting(500, "Orders of guests that one transaction gives an account.", low=1, high=5000)
    claims_per_hour: int = _setting(
        10, "Claims that one caller may file in an hour, signed in or not.", low=1, high=10_000
    )
    claims_open_max: int = _setting(
        5, "Claims that may wait for an answer to the same address or number.", low=1, high=1000
    )
    claims_file_bytes_max: int = _setting(
        256 << 10, "Bytes of a receipt that is handed in as a file.", low=1024, high=4 << 20
    )
    claims_candidates_max: int = _setting(
        300, "Orders that each way of looking for what a claim is about may give.", low=10, high=5000
    )
    claims_look_back_days: int = _setting(
        400, "Days back in which a part of an order number is looked for without a date.", low=1, high=3660
    )
    claims_batch_max: int = _setting(50, "Claims that one run of the job looks into.", low=1, high=1000)
    expire_batch_max: int = _setting(500, "Orders that one transaction of the expiry job handles.", low=1, high=5000)

    order_lines_max: int = _setting(1000, "Lines in one order.", low=1, high=10_000)
    cart_lines_max: int = _setting(
        20, "Lines in a visitor's cart, which his browser keeps in a cookie.", low=1, high=40
    )
    quantity_max: int = _setting(100_000, "Quantity in one order line.", low=1, high=10**9)
    body_bytes_max: int = _setting(1 << 20, "Bytes in the body of one API request.", low=1024, high=1 << 26)
    idempotency_key_chars_max: int = _setting(128, "Characters in an Idempotency-Key.", low=16, high=128)
    page_size_max: int = _setting(100, "Items on one page of a list.", low=1, high=1000)
    product_text_chars_max: int = _setting(20_000, "Characters in the text of a product, per language.", low=1)
    catalog_fresh_s: int = _setting(
        15,
        "Seconds for which browsers and proxies may show a page of the catalogue without asking again; 0 has them ask"
        " every time.",
        low=0,
        high=3600,
    )
    catalog_cache_bytes_max: int = _setting(
        16 << 20, "Bytes of such pages that each web worker keeps; 0 keeps none.", low=0, high=1 << 30
    )
    search_chars_max: int = _setting(100, "Characters of a search that are looked at.", low=1, high=1000)

    batch_orders_max: int = _setting(256, "Orders that one transaction places.", low=1, high=1000)
    batch_lines_max: int = _setting(4000, "Order lines that one transaction places.", low=1, high=100_000)
    queue_max: int = _setting(4096, "Requests that wait for a transaction before the answer is 503.", low=1, high=10**6)
    database_patience_ms: int = _setting(
        2_000,
        "Milliseconds for which orders wait for a database that is away before the answer is 503.",
        low=0,
        high=60_000,
    )
    lane_threads: int = _setting(3, "Threads per web worker for API calls that are not gathered.", low=1, high=64)
    page_threads: int = _setting(3, "Threads per web worker for pages.", low=1, high=64)
    form_wait_s: int = _setting(
        60, "Seconds for which a page waits for a form that is sent, and for each part of a table.", low=1, high=3600
    )
    forms_bytes_max: int = _setting(
        16 << 20, "Bytes of forms above 64 kB that a web worker waits for at a time.", low=1 << 20, high=1 << 30
    )
    streams_max: int = _setting(
        1000, "Streams of orders' events per web worker, open at a time; another one is answered 503.", high=100_000
    )
    order_streams_max: int = _setting(10, "Streams of one order's events per web worker.", low=1, high=1000)
    stream_life_s: int = _setting(
        900, "Seconds after which a stream of events ends; its reader resumes it.", low=1, high=86400
    )
    stream_beat_s: int = _setting(
        15, "Seconds of silence after which a stream of events shows that it is alive.", low=1, high=300
    )
    stream_look_s: int = _setting(
        5, "Seconds after which streams look for events that nobody told them of.", low=1, high=300
    )
    drain_s: int = _setting(10, "Seconds that requests under way get to finish when the shop stops.", low=1, high=600)
    job_threads: int = _setting(2, "Jobs that one worker does at a time.", low=1, high=64)
    job_heartbeat_s: int = _setting(5, "Seconds between a job worker's signs of life.", low=1, high=60)
    job_stalled_s: int = _setting(
        20, "Seconds without a sign of life after which a worker's jobs are given to others.", low=2, high=3600
    )
    job_keep_h: int = _setting(72, "Hours for which finished jobs are kept for those who look into them.", low=1)
    statement_timeout_ms: int = _setting(15_000, "Milliseconds after which a statement is given up.", low=100)
    lock_timeout_ms: int = _setting(5_000, "Milliseconds to wait for a lock.", low=10)
    preference_cache_s: int = _setting(
        5,
        "Seconds for which pages may show what the shop decided before; what decides about money always looks.",
        low=0,
        high=300,
    )
    token_cache_s: int = _setting(5, "Seconds until a revoked API token is refused everywhere.", low=0, high=300)

    public_url: str = _setting("http://localhost:8000", "Where customers find the shop; payment pages lead back there.")
    payment_hosts: tuple[str, ...] = _setting(
        ("checkout.stripe.com", "wx.tenpay.com"),
        "Host names, separated by commas, of payment pages to which customers are led by themselves, besides those of"
        " `EVERTILL_ALIPAY_URL` and `EVERTILL_SANDBOX_URL`; of any other they are told the name, and press a button.",
    )
    sandbox_url: str = _setting("", "Where the Sandbox payment provider answers; without it there is no such method.")
    sandbox_keys: Path = _setting(Path("sandbox/sandbox-keys.json"), "File of Sandbox's keys, from the data folder.")
    alipay_app_id: str = _setting("", "The shop's app at Alipay; without it there is no such method.")
    alipay_seller_id: str = _setting("", "The merchant at Alipay (PID, 16 digits from 2088 on).")
    alipay_private_key: Path = _setting(
        Path("alipay/app-private-key.pem"), "File of the app's private key for Alipay, from the data folder."
    )
    alipay_public_key: Path = _setting(
        Path("alipay/alipay-public-key.pem"), "File of Alipay's public key for the app, from the data folder."
    )
    alipay_url: str = _setting("https://openapi.alipay.com/gateway.do", "Alipay's gateway.")
    wechat_merchant_id: str = _setting("", "The merchant at WeChat Pay (mchid); without it there is no such method.")
    wechat_app_id: str = _setting("", "The app at WeChat that is bound to the merchant (appid).")
    wechat_merchant_serial: str = _setting("", "Serial number of the merchant's API certificate at WeChat Pay.")
    wechat_private_key: Path = _setting(
        Path("wechat/apiclient_key.pem"), "File of the merchant's private key for WeChat Pay, from the data folder."
    )
    wechat_api_key: Path = _setting(
        Path("wechat/apiv3-key.txt"), "File of the merchant's APIv3 key, 32 characters, from the data folder."
    )
    wechat_platform_keys: tuple[str, ...] = _setting(
        ("wechat/pub_key.pem",),
        "Files, separated by commas, of WeChat Pay's public key or platform certificates, from the data folder.",
    )
    wechat_public_key_id: str = _setting("", "Id of WeChat Pay's public key (PUB_KEY_ID_…); none for certificates.")
    wechat_url: str = _setting("https://api.mch.weixin.qq.com", "WeChat Pay's API.")
    transfer_instructions: str = _setting(
        "",
        "What a customer who pays by bank transfer reads: the account to pay to, with `{amount}` and `{number}` in"
        " their places; without it there is no such method.",
    )
    transfer_patience_h: int = _setting(
        120, "Hours for which an order waits for a bank transfer and keeps its goods.", low=1, high=90 * 24
    )
    cash_instructions: str = _setting(
        "",
        "What a customer who pays in cash on collection reads: where and when, with `{amount}` and `{number}` in"
        " their places; without it there is no such method.",
    )
    cash_patience_h: int = _setting(
        72, "Hours for which an order waits to be collected and keeps its goods.", low=1, high=90 * 24
    )
    stripe_secret_key_file: str = _setting(
        "", "File of Stripe's secret key, from the data folder; without it there is no such method."
    )
    stripe_webhook_secrets_file: str = _setting(
        "",
        "File of the signing secrets of Stripe's webhooks, one in a line, from the data folder; without it webhooks are"
        " refused and payments are only asked after.",
    )
    stripe_url: str = _setting("https://api.stripe.com", "Where Stripe's API answers.")
    pay_step_up_amount: int = _setting(
        100_000,
        "Total in minor units from which an account's order is paid by its signed-in owner only, who proves himself for"
        " it once more.",
        low=0,
        high=10**15,
    )
    payment_s: int = _setting(3600, "Seconds after which a payment that nobody made is cancelled.", low=5, high=86400)
    provider_timeout_ms: int = _setting(
        8_000, "Milliseconds to wait for a payment provider or an SMS gateway.", low=100, high=60_000
    )
    provider_calls_max: int = _setting(8, "Calls to one payment provider at a time, per process.", low=1, high=64)
    provider_failures_max: int = _setting(5, "Failed calls in a row that end calling a provider for a while.", low=1)
    provider_rest_s: int = _setting(15, "Seconds for which a failing payment provider is not called.", low=1, high=3600)
    provider_answer_bytes_max: int = _setting(
        1 << 20, "Bytes in one answer of a payment provider.", low=1024, high=1 << 26
    )
    bill_bytes_max: int = _setting(256 << 20, "Bytes in a provider's daily bill.", low=1024, high=1 << 32)
    bill_timeout_s: int = _setting(120, "Seconds for which a provider's daily bill is read.", low=1, high=3600)
    webhook_age_s: int = _setting(300, "Seconds after which a webhook is too old to be believed.", low=1, high=3600)
    pay_threads: int = _setting(
        3, "Threads per web worker that may wait for one payment provider; each provider has its own.", low=1, high=64
    )
    pay_queue_max: int = _setting(64, "Requests that wait for those threads before the answer is 503.", low=1)
    payment_look_s: int = _setting(
        2, "Seconds for which a web worker does not ask a provider again how a payment stands.", low=0, high=600
    )
    follow_batch_max: int = _setting(100, "Payments, refunds or events a job takes up at a time.", low=1, high=5000)
    follow_every_s: int = _setting(10, "Seconds between two looks for payments that are due.", low=1, high=30)
    follow_wait_s: int = _setting(
        5,
        "Seconds until a payment, refund or event that has not ended is looked at again; doubled each time.",
        low=1,
        high=600,
    )
    follow_patience_ms: int = _setting(
        8_000,
        "Milliseconds of waiting in vain for one payment provider after which a job leaves it for its next run.",
        low=100,
        high=600_000,
    )
    follow_wait_s_max: int = _setting(600, "Seconds to which that wait grows at most.", low=1, high=86400)
    dispute_look_s: int = _setting(3600, "Seconds between two looks at an open dispute.", low=60, high=86400)
    bill_batch_max: int = _setting(2_000, "Lines of a provider's bill that are compared at a time.", low=1, high=10_000)
    bill_lines_max: int = _setting(5_000_000, "Lines in a provider's bill of one day.", low=1, high=10**9)
    bill_grace_s: int = _setting(
        3600,
        "Seconds around midnight for which a booking may stand on the bill of the neighbouring day.",
        low=0,
        high=43_200,
    )

    smtp_url: str = _setting(
        "",
        "Mail server: `smtps://user:password@host:465` (TLS), `smtp://…:587` (STARTTLS, required) or `smtp+plain://…:25`"
        " (no TLS). Without one, messages to customers wait.",
        is_secret=True,
    )
    mail_from: str = _setting(
        "", "Whom mail to customers is from: `shop@example.com` or `The Shop <shop@example.com>`."
    )
    sms_countries: tuple[str, ...] = _setting(
        (),
        "Calling codes, separated by commas (`86,852`), of the countries that SMS are sent to; all of them by default."
        " Name yours: SMS to far countries are what thieves of SMS earn by.",
    )
    aliyun_sms_sign_name: str = _setting(
        "", "Signature that SMS by Aliyun are from, as it was approved there; without it none is sent by Aliyun."
    )
    aliyun_sms_code_template: str = _setting(
        "", "Template of Aliyun for one-time codes, such as `SMS_123456789`, with the one variable `code`."
    )
    aliyun_sms_notice_template: str = _setting(
        "",
        "Template of Aliyun for notices about an account, with the one variable `what`; without it Aliyun sends"
        " codes alone.",
    )
    aliyun_sms_order_template: str = _setting(
        "",
        "Template of Aliyun for what became of an order, with the one variable `what`; without it Aliyun tells nobody"
        " of orders.",
    )
    aliyun_sms_key_file: Path = _setting(
        Path("aliyun/sms-access-key.txt"),
        "File of the AccessKey for Aliyun's SMS, from the data folder: the id and the secret, each on a line.",
    )
    aliyun_sms_url: str = _setting("https://dysmsapi.aliyuncs.com", "Aliyun's SMS API.")
    twilio_account_sid: str = _setting("", "The shop's account at Twilio (`AC…`); without it no SMS is sent by Twilio.")
    twilio_from: str = _setting(
        "", "Whom SMS by Twilio are from: a number (`+15550100`), a name, or a messaging service (`MG…`)."
    )
    twilio_key_file: Path = _setting(
        Path("twilio/key.txt"),
        "File of the secret for Twilio, from the data folder: the auth token, or an API key's SID and secret, each on a"
        " line.",
    )
    twilio_url: str = _setting("https://api.twilio.com", "Twilio's API.")
    smtp_timeout_ms: int = _setting(10_000, "Milliseconds to wait for the mail server.", low=100, high=30_000)
    message_batch_max: int = _setting(100, "Messages that a job sends over one connection.", low=1, high=5000)
    message_tries_max: int = _setting(
        24, "Tries after which a message that is always put off is given up.", low=1, high=1000
    )
    message_age_h: int = _setting(72, "Hours after which a message that waits is given up.", low=1, high=24 * 366)
    message_keep_days: int = _setting(90, "Days for which messages are kept, sent or not.", low=1, high=3660)

    message_file_bytes_max: int = _setting(
        1 << 20,
        "Bytes in the file that takes codes where no mail server and no SMS gateway is set up; one such file before it"
        " is kept.",
        low=4096,
        high=1 << 30,
    )

    account_addresses_max: int = _setting(5, "Email addresses and phones of one account.", low=1, high=20)
    password_checks_max: int = _setting(
        1,
        "Passwords that one web worker hashes at a time, each in 16 MB of memory and on a processor of its own; as many"
        " more wait as leave a thread for other pages.",
        low=1,
        high=64,
    )
    attempt_min: int = _setting(15, "Minutes for which a sign-in that was begun can be gone on with.", low=1, high=15)
    browser_trust_days: int = _setting(
        30, "Days for which a browser that a customer trusts needs no second step; 0 for never.", low=0, high=30
    )
    browser_keep_days: int = _setting(
        400, "Days unseen after which a browser is not known any more.", low=30, high=3660
    )
    recovery_wait_h: int = _setting(
        72, "Hours for which an account's owner can object before lost factors are removed.", low=1, high=24 * 30
    )
    recovery_open_h: int = _setting(
        168, "Hours, after that wait, in which the recovery can be finished.", low=1, high=24 * 30
    )
    code_s: int = _setting(600, "Seconds for which a one-time code that was sent can be used.", low=60, high=600)
    code_address_hour_max: int = _setting(5, "One-time codes sent to one phone or address in an hour.", low=1, high=100)
    code_address_day_max: int = _setting(10, "One-time codes sent to one phone or address in a day.", low=1, high=100)
    code_caller_hour_max: int = _setting(
        20,
        "One-time codes that one caller asks for in an hour, and accounts that he opens by passkeys alone.",
        low=1,
        high=10_000,
    )
    code_shop_day_max: int = _setting(
        2_000, "One-time codes that the whole shop sends in a day (UTC): what the day may cost at most.", low=0
    )
    code_wait_ms: int = _setting(
        3_000,
        "Milliseconds for which whoever asked for a code waits to hear whether it went out; then it is under way.",
        low=0,
        high=30_000,
    )
    passkeys_max: int = _setting(20, "Passkeys of one account.", low=1, high=20)
    passkey_bytes_max: int = _setting(32_768, "Bytes in what a browser says of a passkey.", low=4096, high=1 << 20)
    passkey_caller_hour_max: int = _setting(
        600, "Times that one caller may begin to make or use a passkey in an hour.", low=1, high=100_000
    )
    notice_sms_day_max: int = _setting(
        10, "Notices about an account that one phone gets by SMS in a day.", low=0, high=1000
    )
    guess_caller_hour_max: int = _setting(
        60, "Failed tries to sign in by one caller in an hour, under whatever names.", low=1, high=100_000
    )
    session_h: int = _setting(720, "Hours after which a customer signs in again.", low=1, high=24 * 90)
    session_idle_h: int = _setting(168, "Hours unseen after which a customer signs in again.", low=1, high=24 * 90)
    staff_session_h: int = _setting(12, "Hours after which staff sign in again.", low=1, high=12)
    staff_session_idle_min: int = _setting(15, "Minutes unseen after which staff sign in again.", low=1, high=15)
    export_orders_max: int = _setting(
        20_000, "Orders, the latest ones, in the file of somebody who downloads his data.", low=1, high=1_000_000
    )
    trail_export_max: int = _setting(
        100_000, "Records of the audit trail in one file that is taken out on the desk.", low=1, high=1_000_000
    )
    export_rows_max: int = _setting(50_000, "Rows of one file that staff export from a list.", low=1, high=1_000_000)
    forget_batch_max: int = _setting(
        1_000, "Rows of each table that one transaction removes when what is over is forgotten.", low=1, high=10_000
    )
    approval_h: int = _setting(24, "Hours for which an approval can be given and used.", low=1, high=24 * 30)
    approvals_waiting_max: int = _setting(
        50, "Requests of one person that wait for approval at a time.", low=1, high=1000
    )
    bulk_items_max: int = _setting(
        20_000, "Things that one bulk is about; at least as many as a table has rows.", low=1, high=200_000
    )
    bulks_open_max: int = _setting(20, "Bulks of one person that run or wait to begin at a time.", low=1, high=1_000)
    bulk_batch_max: int = _setting(
        50, "Things of one bulk that are done before the next bulk has its turn.", low=1, high=10_000
    )
    bulk_claim_s: int = _setting(
        60, "Seconds after which a thing of a bulk is begun anew whose worker has died.", low=1, high=3600
    )
    bulk_keep_days: int = _setting(90, "Days after which a bulk that does not run is removed.", low=1, high=3650)
    bulks_remove_max: int = _setting(10, "Old bulks that one transaction removes.", low=1, high=1_000)
    refund_alone_max: int = _setting(
        20_000,
        "Minor units (pence, fen, yen) of one order that a member of staff gives back alone, all of its refunds"
        " together; beyond it another person approves.",
        low=0,
        high=10**12,
    )
    codes_bytes_max: int = _setting(
        200_000, "Bytes of codes that are uploaded at once at the desk or by a command.", low=1000, high=10_000_000
    )
    codes_batch_max: int = _setting(200, "Orders that one transaction gives their codes.", low=1, high=5_000)
    key_batch_max: int = _setting(
        500, "Stored secrets that one transaction encrypts anew when keys are rotated.", low=1, high=10_000
    )

    categories_max: int = _setting(200, "Categories of the shop.", low=1, high=2000)
    index_batch_max: int = _setting(
        500, "Products that one transaction makes findable that were saved by a release without the search.", low=1
    )
    backup_target: str = _setting(
        "",
        "Where backups go: `file:///folder`, `s3://bucket/prefix` or `sftp://user@host/folder`. Without one there are"
        " no backups.",
    )
    backup_database_url: str = _setting(
        "",
        "Address of the database as a role that may replicate, where that of the shop may not. The embedded server"
        " needs none.",
        is_secret=True,
    )
    backup_full_h: int = _setting(24, "Hours between two full backups.", low=1, high=24 * 366)
    backup_incremental_min: int = _setting(60, "Minutes between two incremental backups.", low=1, high=7 * 1440)
    backup_keep_days: int = _setting(
        7, "Days back to which the shop can be restored as of any moment.", low=1, high=3660
    )
    backup_keep_weeks: int = _setting(5, "Weeks of which a full backup is kept.", low=0, high=520)
    backup_keep_months: int = _setting(12, "Months of which a full backup is kept.", low=0, high=120)
    backup_append_only: int = _setting(
        0, "1: the shop never removes anything at the target; what is too old is the target's own to remove.", high=1
    )
    backup_verify_days: int = _setting(7, "Days between two readings of everything at the target; 0: never.", high=366)
    restore_consent_min: int = _setting(
        60, "Minutes for which a consent to restore over the living shop can be used.", low=5, high=1440
    )
    drill_min: int = _setting(
        60,
        "Minutes between two drills that restore to a random moment, beside the one after each backup; 0: none.",
        high=10_080,
    )
    backup_away_s: int = _setting(
        60, "Seconds for which the target of backups may be away before that is an alert.", low=1, high=86400
    )
    backup_rate_kb_s: int = _setting(
        16_384,
        "Kilobytes that a backup reads of the database, and then sends, in a second at most.",
        low=32,
        high=1_048_576,
    )
    backup_timeout_ms: int = _setting(20_000, "Milliseconds to wait for the target of backups.", low=100, high=600_000)
    backup_retry_min: int = _setting(10, "Minutes until a backup that failed is tried again.", low=1, high=1440)
    searches_open_max: int = _setting(
        20, "Searches of the backups for lost orders that wait or run at the same time.", low=1, high=1000
    )
    search_spare_mb: int = _setting(
        2048,
        "Megabytes that stay free on the disk of the data folder while a backup is restored there to be searched.",
        high=10_000_000,
    )
    search_keep_days: int = _setting(
        7, "Days for which copies of lost orders that were found in backups are kept.", low=1, high=366
    )
    log_every_ms: int = _setting(
        250,
        "Milliseconds for which the database's log is gathered before it is sent to the target.",
        low=10,
        high=60_000,
    )
    log_sync: int = _setting(
        0,
        "1: an order is answered only once the database's log of it is at the target, so that none can be lost.",
        high=1,
    )
    log_sync_patience_s: int = _setting(
        30,
        "Seconds for which orders wait for a target that is away before they are answered without it, with an alert;"
        " 0 is for ever.",
        high=86400,
    )
    log_keep_mb: int = _setting(
        16_384,
        "Megabytes of its log that the embedded database keeps for a target that is away; beyond, a full backup begins"
        " anew.",
        low=64,
    )

    import_rows_max: int = _setting(1_000_000, "Rows in one imported file.", low=1)
    import_bytes_max: int = _setting(512 << 20, "Bytes in one imported file.", low=1024, high=1 << 40)
    table_bytes_max: int = _setting(
        32 << 20, "Bytes of a table, CSV or Excel, that staff send to the desk.", low=1024, high=64 << 20
    )
    table_unpacked_bytes_max: int = _setting(
        64 << 20, "Bytes of all that is packed in an Excel file that staff send.", low=1024, high=256 << 20
    )
    table_rows_max: int = _setting(
        20_000, "Rows of a table that staff send to the desk, and save there to be sent again.", low=1, high=200_000
    )
    table_columns_max: int = _setting(60, "Columns of a table that staff send to the desk.", low=5, high=1000)


def tell() -> list[Told]:
    """This function will return this process's settings for people to look at, in the order of the table.

    What opens something is left out: secrets, and the addresses that have passwords in them.
    """
    return [settings.show(item, getattr(get(), item.name)) for item in fields(Config)]


def load(environ: Mapping[str, str]) -> Config:
    """This function will read and check every setting; raises ConfigError that names the variable and what it takes."""
    values: dict[str, Any] = {}
    for item in fields(Config):
        text = environ.get(variable(item.name))
        if text is None and item.name == "database_url":
            text = environ.get("DATABASE_URL")
        if text is None or text == "":
            if item.default is MISSING:
                raise ConfigError(f"{variable(item.name)} is not set. {item.metadata['help']}")
            continue
        values[item.name] = settings.read(item, text)
    config = Config(**values)
    if not config.currencies or not all(money.is_currency(code) for code in config.currencies):
        raise ConfigError(f"{variable('currencies')} takes codes of three capital letters, such as GBP,CNY.")
    if config.job_stalled_s < 2 * config.job_heartbeat_s:
        raise ConfigError(f"{variable('job_stalled_s')} must be at least twice {variable('job_heartbeat_s')}.")
    if config.bulk_items_max < config.table_rows_max:
        raise ConfigError(f"{variable('bulk_items_max')} must be at least {variable('table_rows_max')}.")
    _check_region(config.phone_region)
    if config.smtp_url and not config.mail_from:
        raise ConfigError(f"{variable('mail_from')} is not set. With a mail server, mail has to be from somebody.")
    return config


def _check_region(region: str) -> None:
    if region == _PHONE_REGION:
        return
    # Imported late: it brings the numbering plans of the world, which few processes need.
    from evertill.kernel import contacts  # noqa: PLC0415

    if not contacts.is_region(region):
        raise ConfigError(f"{variable('phone_region')} takes a region such as CN or GB, not '{region[:40]}'.")


@cache
def get() -> Config:
    """This function will return this process's settings, read from its environment at the first call."""
    return load(os.environ)
