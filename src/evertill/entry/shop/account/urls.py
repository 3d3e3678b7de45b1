"""The addresses of the account pages."""

from __future__ import annotations

from django.urls import path

from evertill.entry.shop.account import home, keeping, passkeys, proving, signing_in

app_name = "account"
urlpatterns = [
    path("sign-in", signing_in.sign_in, name="sign-in"),
    path("sign-in/code", signing_in.enter_code, name="code"),
    path("sign-in/second", signing_in.second_step, name="second-step"),
    path("sign-in/open", signing_in.open_account, name="open"),
    path("sign-in/recover", signing_in.recover, name="recover"),
    path("sign-in/passkey", passkeys.sign_in, name="passkey-sign-in"),
    path("sign-in/passkey/begin", passkeys.begin_sign_in, name="passkey-begin"),
    path("sign-in/passkey/open", passkeys.sign_up, name="passkey-open"),
    path("sign-in/passkey/open/begin", passkeys.begin_sign_up, name="passkey-open-begin"),
    path("recovery/cancel/<str:token>", signing_in.cancel_recovery, name="recovery-cancel"),
    path("sign-out", signing_in.sign_out, name="sign-out"),
    path("prove", proving.prove, name="prove"),
    path("prove/passkey", passkeys.prove, name="prove-passkey"),
    path("prove/passkey/begin", passkeys.begin_proving, name="prove-passkey-begin"),
    path("", home.show_home, name="home"),
    path("recovery/stop", home.stop_recovery, name="recovery-stop"),
    path("security", home.show_security, name="security"),
    path("password/begin", home.begin_password, name="password-begin"),
    path("password", home.password, name="password"),
    path("password/remove", home.remove_password, name="password-remove"),
    path("totp", home.begin_totp, name="totp"),
    path("totp/confirm", home.confirm_totp, name="totp-confirm"),
    path("totp/remove", home.remove_totp, name="totp-remove"),
    path("sms", home.turn_sms, name="sms"),
    path("recovery-codes", home.make_recovery_codes, name="recovery-codes"),
    path("passkeys/new", passkeys.add_first, name="passkey-new"),
    path("passkeys/add", passkeys.add, name="passkey-add"),
    path("passkeys/<int:passkey_id>/rename", passkeys.rename, name="passkey-rename"),
    path("passkeys/<int:passkey_id>/remove", passkeys.remove, name="passkey-remove"),
    path("addresses", keeping.show_addresses, name="addresses"),
    path("addresses/add", keeping.add_address, name="address-add"),
    path("addresses/confirm", keeping.confirm_address, name="address-confirm"),
    path("addresses/remove", keeping.remove_address, name="address-remove"),
    path("devices", keeping.show_devices, name="devices"),
    path("devices/end", keeping.end_devices, name="devices-end"),
    path("data", keeping.show_data, name="data"),
    path("data/export", keeping.export, name="data-export"),
    path("data/delete", keeping.delete, name="data-delete"),
]
