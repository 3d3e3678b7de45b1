// The keyboard at the desk: "/" goes to the search field, the arrows go through the rows of a list, and moments are
// told in the reader's own hour. Without this script everything works as well, by tabs.
"use strict";

(() => {
  const spoken = document.documentElement.lang;
  const language = navigator.languages.find((one) => one.split("-")[0] === spoken.split("-")[0]) ?? spoken;
  const told = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  for (const moment of document.querySelectorAll("time[datetime]")) moment.textContent = told.format(new Date(moment.dateTime));

  const isTyping = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (!field) return;
      event.preventDefault();
      field.focus();
      field.select();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...document.querySelectorAll("a[data-row]")];
    const at = rows.indexOf(document.activeElement);
    // Only from a row: elsewhere the arrows move the page as ever.
    if (!step || at < 0 || !rows[at + step]) return;
    event.preventDefault();
    rows[at + step].focus();
  });
})();
