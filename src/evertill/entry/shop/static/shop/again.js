// Looks again, or goes on, when and where the page says; without scripts the browser does so by itself. What is left
// behind leaves no trace in the history, so that "back" leads to the page before and not to the last look.
"use strict";

(() => {
  const { againS, againAt } = document.body.dataset;
  const where = new URL(againAt ?? "", location.href);

  const goOn = () => {
    const cameBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    // Whoever came back from the payment page wants to be here, and finds the button.
    if (cameBack && where.origin !== location.origin) return;
    setTimeout(() => location.replace(where), againS * 1000);
  };

  // A page that the browser has kept starts to wait anew.
  addEventListener("pageshow", goOn);
})();
