// What pages that everybody may keep cannot say: how much is in this visitor's cart. And goods go into it without leaving
// the page. Without this script the link says "Cart", and the form leads there.
"use strict";

(() => {
  const LOST_MS = 10000;
  const count = document.querySelector("[data-pieces]");

  const show = (pieces) => {
    count.textContent = pieces;
    count.hidden = !pieces;
  };

  const kept = () => Number(document.cookie.match(/(?:^|; )(?:__Host-)?pieces=(\d+)/)?.[1] ?? 0);

  const say = (form, text, link) => {
    const way = document.createElement("a");
    way.href = link.href;
    way.textContent = link.text;
    form.nextElementSibling.replaceChildren(`${text} `, way);
  };

  const add = async (form) => {
    const { lost, cart, href } = form.dataset;
    let answer;
    try {
      answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(LOST_MS),
      });
    } catch {
      // Nobody knows whether it arrived; the cart does.
      say(form, lost, { href, text: cart });
      return;
    }
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) {
      const told = await answer.json();
      show(told.pieces);
      say(form, told.text, { href, text: cart });
    } else if (answer.redirected) {
      location.assign(answer.url);
    } else {
      // It was refused, and nothing was added: the page that the form leads to says why.
      form.submit();
    }
  };

  // Also for whoever comes back: the page is as he left it, and the cart may not be.
  addEventListener("pageshow", () => show(kept()));

  for (const form of document.querySelectorAll("form.put")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.ariaBusy === "true") return;
      form.ariaBusy = "true";
      event.submitter?.setAttribute("aria-disabled", "true");
      await add(form).finally(() => {
        form.ariaBusy = null;
        event.submitter?.removeAttribute("aria-disabled");
      });
    });
  }
})();
