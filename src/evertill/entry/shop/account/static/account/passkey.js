// Asks the visitor's device for a passkey and sends its answer as the form that it stands in.
//
// A form says by data-passkey what is wanted (get or create), and by data-begin where the options are had, or has them
// in data-options already. Forms stay hidden where the browser knows no passkeys.
"use strict";

(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  // The JSON form of WebAuthn Level 3, for browsers that cannot read and write it themselves yet.
  const readOptions = (options) => {
    const named = (one) => ({ ...one, id: bytes(one.id) });
    const read = { ...options, challenge: bytes(options.challenge) };
    if (options.user) read.user = named(options.user);
    if (options.excludeCredentials) read.excludeCredentials = options.excludeCredentials.map(named);
    if (options.allowCredentials) read.allowCredentials = options.allowCredentials.map(named);
    return read;
  };
  const writeAnswer = (credential) => {
    const { response } = credential;
    const said = { clientDataJSON: text(response.clientDataJSON) };
    if (response.attestationObject) {
      said.attestationObject = text(response.attestationObject);
      said.transports = response.getTransports?.() ?? [];
    } else {
      said.authenticatorData = text(response.authenticatorData);
      said.signature = text(response.signature);
      said.userHandle = response.userHandle ? text(response.userHandle) : null;
    }
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: said,
      authenticatorAttachment: credential.authenticatorAttachment ?? null,
      clientExtensionResults: {},
    };
  };

  const begin = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.begin, { method: "POST", body: new FormData(form) });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.code), { said: said.said });
    return said;
  };

  const ask = async (form) => {
    const publicKey = readOptions(await begin(form));
    const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
    form.elements.answer.value = JSON.stringify(writeAnswer(credential));
    form.submit();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    const error = form.querySelector(".error");
    const button = form.querySelector("button");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      error.hidden = true;
      button.disabled = true;
      button.classList.add("working");
      try {
        await ask(form);
      } catch (problem) {
        const ended = problem.name === "NotAllowedError" || problem.name === "AbortError";
        error.textContent = problem.said ?? (ended ? error.dataset.ended : error.dataset.failed);
        error.hidden = false;
        button.disabled = false;
        button.classList.remove("working");
      }
    });
  }
  if (!window.PublicKeyCredential) {
    document.querySelectorAll("[data-no-passkeys]").forEach((one) => { one.hidden = false; });
  }
})();
