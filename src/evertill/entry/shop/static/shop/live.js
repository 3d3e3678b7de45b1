// Keeps a page of an order current. The shop tells over a stream of events that something happened; what the page then
// says is the shop's own page, read again and put in its place part by part. Without this script the page shows all of
// it as it stood when it was loaded.
//
// <div id="live" data-events data-position data-look data-look-s> holds parts, <… data-part="name">. A part with a
// data-version is left alone while that stays the same: somebody may be filling it in.
"use strict";

(() => {
  // The shop ends each stream now and then, and the browser comes back by itself: that is no news to anybody.
  const LOST_MS = 8000;
  // Where there is no stream to be had, until the next try; and about as much again, so that not all come at once.
  const AGAIN_MS = 10000;
  // Until the page is read again whose time is over; the shop's own clock has to say so too.
  const OVER_MS = 1500;
  // A page that leads on at once has been left by then.
  const OPEN_MS = 1200;
  // Minutes left that are said aloud; whoever cannot see the clock would not hear anything else if it told each second.
  const SAID_MINUTES = [10, 5, 2, 1];

  const root = document.getElementById("live");
  // The page's language, as the visitor's own country writes it where his browser tells.
  const spoken = document.documentElement.lang;
  const language = navigator.languages.find((one) => one.split("-")[0] === spoken.split("-")[0]) ?? spoken;
  const hour = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" });
  const line = root.querySelector("[data-line]");
  const told = root.querySelector("[data-told]");

  let position = Number(root.dataset.position);
  let stream = null;
  let isReading = false;
  let isStale = false;
  const timers = { look: 0, lost: 0, again: 0, clock: 0 };

  const here = () => root.dataset.page || location.href;

  const after = (name, ms, what) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(what, ms);
  };

  // The server writes moments in UTC, with its name: it cannot know where the visitor is.
  const localise = (within) => {
    for (const moment of within.querySelectorAll("time[datetime]")) {
      moment.textContent = hour.format(new Date(moment.dateTime));
    }
  };

  // The page anew ---------------------------------------------------------------------------------------------------

  const refresh = (address) => {
    if (isReading) {
      isStale = true;
      return;
    }
    isReading = true;
    const request = new XMLHttpRequest();
    request.open("GET", address);
    // Parsed by the browser without running anything, so that no text is ever turned into markup here.
    request.responseType = "document";
    request.timeout = 15000;
    request.addEventListener("loadend", () => {
      isReading = false;
      const fresh = request.status === 200 && request.response?.getElementById("live");
      if (fresh) take(fresh, request.response.title);
      else if (root.dataset.events && !stream) tryAgain();
      planLook();
      if (isStale) {
        isStale = false;
        refresh(here());
      }
    });
    request.send();
  };

  const take = (fresh, title) => {
    const before = root.querySelector("[data-heading]")?.textContent;
    localise(fresh);
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = root.querySelector(`[data-part="${part.dataset.part}"]`);
      if (old && !isSame(old, part)) put(part, old);
    }
    const left = fresh.querySelector("[data-left-s]");
    if (left) root.querySelector("[data-left-s]").dataset.leftS = left.dataset.leftS;
    for (const name of ["page", "events", "position", "look", "lookS"]) root.dataset[name] = fresh.dataset[name];
    position = Number(root.dataset.position);
    document.title = title;
    const heading = root.querySelector("[data-heading]")?.textContent;
    if (heading !== before) told.textContent = heading;
    startClock();
    if (root.dataset.events) open();
    else close();
  };

  const isSame = (old, part) =>
    part.dataset.version === undefined ? old.isEqualNode(part) : old.dataset.version === part.dataset.version;

  const put = (part, old) => {
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(document.adoptNode(part));
    if (hadFocus) root.querySelector("[data-heading]")?.focus();
  };

  // Asks the provider too, where the shop has somebody to ask.
  const planLook = () => {
    clearTimeout(timers.look);
    const seconds = Number(root.dataset.lookS);
    if (seconds && !document.hidden) after("look", seconds * 1000, () => refresh(root.dataset.look));
  };

  // The stream ------------------------------------------------------------------------------------------------------

  const open = () => {
    if (stream || document.hidden || !root.dataset.events) return;
    const opened = new EventSource(root.dataset.events);
    stream = opened;
    opened.addEventListener("open", found);
    opened.addEventListener("state", (event) => {
      const place = Number(event.lastEventId);
      // All of the order's story is told to whoever comes without having heard any of it; the page knows its beginning.
      if (place <= position) return;
      position = place;
      refresh(here());
    });
    opened.addEventListener("end", () => {
      root.dataset.events = "";
      close();
    });
    opened.addEventListener("error", () => {
      if (stream !== opened) return;
      missed();
      if (opened.readyState !== EventSource.CLOSED) return;
      // Refused, not interrupted: the browser tries no more.
      stream = null;
      tryAgain();
    });
  };

  const tryAgain = () => after("again", AGAIN_MS * (1 + Math.random()), () => refresh(here()));

  const close = () => {
    stream?.close();
    stream = null;
    clearTimeout(timers.again);
    found();
  };

  const missed = () => {
    if (!timers.lost) timers.lost = setTimeout(tellLost, navigator.onLine ? LOST_MS : 0);
  };

  const tellLost = () => {
    line.hidden = false;
    line.textContent = root.dataset.lost;
  };

  const found = () => {
    clearTimeout(timers.lost);
    timers.lost = 0;
    line.hidden = true;
    line.textContent = "";
  };

  // The clock -------------------------------------------------------------------------------------------------------

  // Counted from what the shop said is left, by a clock that nobody sets: the visitor's own may be wrong.
  const startClock = () => {
    clearInterval(timers.clock);
    const clock = root.querySelector("[data-left-s]");
    if (!clock) return;
    const endsAt = performance.now() + Number(clock.dataset.leftS) * 1000;
    const shown = clock.querySelector("[role=timer]");
    const tick = () => {
      const seconds = Math.max(0, Math.round((endsAt - performance.now()) / 1000));
      shown.textContent = asClock(seconds);
      clock.classList.toggle("late", seconds < 120);
      if (seconds % 60 === 0 && SAID_MINUTES.includes(seconds / 60)) {
        told.textContent = `${root.dataset.left} ${asMinutes(seconds / 60)}`;
      }
      if (seconds > 0) return;
      clearInterval(timers.clock);
      after("over", OVER_MS, () => refresh(here()));
    };
    tick();
    timers.clock = setInterval(tick, 1000);
  };

  const asClock = (seconds) => {
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(seconds / 3600);
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    return hours ? `${hours}:${rest}` : rest;
  };

  const asMinutes = (minutes) =>
    new Intl.NumberFormat(language, { style: "unit", unit: "minute", unitDisplay: "long" }).format(minutes);

  // Here and away ---------------------------------------------------------------------------------------------------

  // A page that nobody sees holds no stream: browsers open only a few to one shop, over all of its pages.
  const leave = () => {
    close();
    clearTimeout(timers.look);
  };
  const comeBack = () => {
    refresh(here());
    open();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : comeBack()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && comeBack());
  addEventListener("online", () => {
    close();
    comeBack();
  });
  addEventListener("offline", () => root.dataset.events && tellLost());

  root.classList.add("is-live");
  localise(root);
  startClock();
  planLook();
  setTimeout(open, OPEN_MS);
})();
