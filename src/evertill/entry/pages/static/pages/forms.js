// A button that was pressed shows that it works, and a second press while it does sends nothing. Without this script
// the form is sent as ever, and the shop itself sees to it that it counts once.
"use strict";

(() => {
  // What is answered sooner needs no sign of being at work; what takes longer than this was lost, and may be sent again.
  const SHOWN_MS = 300;
  const LOST_MS = 20000;
  const working = new Map();

  const status = document.getElementById("working");

  const release = (form) => {
    const { button, timers } = working.get(form);
    working.delete(form);
    timers.forEach(clearTimeout);
    button?.removeAttribute("aria-disabled");
    button?.classList.remove("working");
    status.textContent = "";
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (working.has(form)) {
      event.preventDefault();
      return;
    }
    const button = event.submitter;
    // Not `disabled`: what the button itself says would then be left out of what is sent.
    button?.setAttribute("aria-disabled", "true");
    const shown = setTimeout(() => {
      button?.classList.add("working");
      status.textContent = status.dataset.text;
    }, SHOWN_MS);
    const lost = setTimeout(() => release(form), LOST_MS);
    working.set(form, { button, timers: [shown, lost] });
  });

  // Whoever comes back finds the page as he left it, and the button at work; it is not.
  addEventListener("pageshow", () => [...working.keys()].forEach(release));
})();
