// Prints the receipt at the press of a button, and tells its moments in the visitor's own hour.
"use strict";

(() => {
  const spoken = document.documentElement.lang;
  const language = navigator.languages.find((one) => one.split("-")[0] === spoken.split("-")[0]) ?? spoken;
  const told = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
  for (const moment of document.querySelectorAll("main time")) moment.textContent = told.format(new Date(moment.dateTime));
  const button = document.querySelector("[data-print]");
  button.hidden = false;
  button.addEventListener("click", () => print());
})();
