// Moves the progress of a bulk while somebody watches: the shop's own page is read again, and its head put in place of
// the old one. Without this script the page loads itself anew.
"use strict";

(() => {
  const EVERY_MS = 1500;
  let isReading = false;

  const put = (page) => {
    const now = page?.getElementById("bulk");
    // Signed out, or a failure: the page as it stands says more than that.
    if (!now) return;
    if (now.dataset.running === undefined) {
      location.replace(location.pathname);
      return;
    }
    document.getElementById("bulk").replaceWith(document.adoptNode(now));
  };

  setInterval(() => {
    if (isReading || document.hidden) return;
    isReading = true;
    const request = new XMLHttpRequest();
    request.open("GET", location.href);
    // Parsed by the browser without running anything, so that no text is ever turned into markup here.
    request.responseType = "document";
    request.timeout = 10000;
    request.onload = () => put(request.status === 200 ? request.response : null);
    request.onloadend = () => (isReading = false);
    request.send();
  }, EVERY_MS);
})();
