/* What the page does by itself: counts down between two answers of the server, refreshes quietly, says when it
   has gone stale. It never decides a standing, never touches a form somebody is filling, never moves the focus. */
"use strict";
(() => {
  const STALE_AFTER_MS = 15000;
  const [DAY, HOUR, MINUTE, SECOND] = document.documentElement.dataset.units.split("|");
  const CHECKED_BY_FILLING = "[data-instant] .in, [data-other] .in";

  let answeredAt = performance.now(); // when the server last spoke
  let serverTime = Number(document.getElementById("pulse")?.dataset.seen || 0); // what its clock said then

  // ── the countdown ──────────────────────────────────────────────────────────────────────────────────
  // The same figures as the server prints: at most two, seconds only within the last hour.
  function figures(left) {
    const s = Math.max(0, Math.floor(left / 1000));
    const parts = [[Math.floor(s / 86400), DAY], [Math.floor(s / 3600) % 24, HOUR], [Math.floor(s / 60) % 60, MINUTE], [s % 60, SECOND]];
    while (parts.length > 1 && parts[0][0] === 0) parts.shift();
    const shown = (s < 3600 ? parts : parts.slice(0, 2)).filter(([n]) => n);
    return shown.length ? shown : [[0, SECOND]];
  }

  function countDown() {
    const now = serverTime + (performance.now() - answeredAt);
    for (const count of document.querySelectorAll(".count[data-until]")) {
      const nodes = figures(Number(count.dataset.until) - now).flatMap(([number, unit]) => {
        const small = document.createElement("small");
        small.textContent = unit;
        return [String(number), small];
      });
      count.querySelector(".figures").replaceChildren(...nodes);
    }
  }

  // ── stale: keep the old figures, stop counting, say so ─────────────────────────────────────────────
  function setStale(isStale) {
    document.body.classList.toggle("is-stale", isStale);
    document.getElementById("stale").hidden = !isStale;
    const pulse = document.getElementById("pulse");
    if (isStale && !pulse.classList.contains("stale")) {
      pulse.classList.add("stale");
      const word = document.createElement("span");
      word.className = "word";
      word.textContent = pulse.dataset.stale;
      pulse.replaceChildren(word, " ", pulse.querySelector("time"));
    }
  }

  function everySecond() {
    const isStale = performance.now() - answeredAt > STALE_AFTER_MS;
    if (isStale) setStale(true);
    else countDown();
  }

  // ── the quiet refresh ──────────────────────────────────────────────────────────────────────────────
  const isHeld = (element) => element.contains(document.activeElement) && document.activeElement !== document.body;
  const isTouched = (element) => isHeld(element) || element.querySelector("form[data-touched]") !== null;

  // There is one form to log with. While somebody is writing in it, no other card gets one.
  const isSecondForm = (fresh) => fresh.querySelector("form.log") !== null &&
    document.querySelector("form.log[data-touched], form.log:focus-within") !== null;

  // Bring `old` to the state of `fresh` node by node, so that whatever did not change stays the same node: a screen
  // reader is not interrupted, the focus does not move. Forms stay as they are; so does a part somebody is using
  // when its shape has changed.
  function renew(old, fresh) {
    if (old.isEqualNode(fresh) || old.matches("form")) return;
    const before = [...old.childNodes], after = [...fresh.childNodes];
    const isList = old.matches("[data-keyed]");
    const isSameShape = before.length === after.length && before.every((node, i) => node.nodeName === after[i].nodeName);
    if (!isList && !isSameShape) {
      if (!isTouched(old) && !isSecondForm(fresh)) old.replaceWith(fresh);
      return;
    }
    renewAttributes(old, fresh);
    if (isList) renewList(old, fresh);
    else before.forEach((node, i) => {
      if (node.nodeType === Node.ELEMENT_NODE) renew(node, after[i]);
      else if (node.data !== after[i].data) node.data = after[i].data;
    });
  }

  function renewAttributes(old, fresh) {
    const isLeft = (name) => name === "open" || name === "hx-swap-oob"; // a <details> is the reader's own
    for (const { name } of [...old.attributes]) if (!isLeft(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (!isLeft(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  // A list whose items have ids: new ones come in, others stay where they are, so that nothing jumps.
  function renewList(old, fresh) {
    const wanted = [...fresh.children];
    const ids = new Set(wanted.map((item) => item.id));
    for (const item of [...old.children]) if (!ids.has(item.id) && !isHeld(item)) item.remove();
    let place = old.firstElementChild;
    for (const item of wanted) {
      const known = document.getElementById(item.id);
      if (known && known === place) {
        place = place.nextElementSibling;
        renew(known, item);
      } else if (known && isHeld(known)) {
        renew(known, item);
      } else {
        if (known) known.remove();
        old.insertBefore(item, place);
      }
    }
  }

  // Say a change of standing once, in words.
  const said = () => new Map([...document.querySelectorAll("[data-said]")].map((element) => [element.id, element.dataset.said]));
  let before = said();
  function announce() {
    const after = said();
    const news = [...after].filter(([id, text]) => before.has(id) && before.get(id) !== text).map(([, text]) => text);
    before = after;
    if (news.length) document.getElementById("announce").textContent = news.join("；");
  }

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const fresh = event.detail.fragment.firstElementChild;
    event.preventDefault();
    event.detail.shouldSwap = false;
    if (fresh) renew(event.detail.target, fresh);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status === 401) location.reload(); // signed out elsewhere: the sign-in page brings us back
    if (!event.detail.successful) return;
    answeredAt = performance.now();
    serverTime = Number(document.getElementById("pulse").dataset.seen);
    setStale(false);
    announce();
  });
  const lookAgain = () => document.getElementById("poll")?.dispatchEvent(new Event("look"));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) lookAgain(); });

  // ── forms ──────────────────────────────────────────────────────────────────────────────────────────
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-keep]");
    if (form) form.dataset.touched = "";
    // Filling a free entry chooses it; choosing another clears it.
    if (event.target.matches(CHECKED_BY_FILLING) && event.target.value && !event.target.matches("select")) {
      const radio = event.target.closest(".other").querySelector("input[type=radio]");
      if (radio) radio.checked = true;
    }
    if (event.target.matches(".pick > label input[type=radio]")) {
      const free = event.target.closest(".pick").querySelector(".other input:not([type=radio])");
      if (free) free.value = "";
    }
  });
  document.addEventListener("submit", (event) => {
    // One click is one request; the server would take the second for the first anyway.
    const button = event.submitter;
    if (button?.form?.method === "post") setTimeout(() => { button.disabled = true; }, 0);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // brought back whole by the back button, with what was typed: only look again
    for (const button of document.querySelectorAll("button[disabled]")) button.disabled = false;
    lookAgain();
  });

  if (document.getElementById("pulse")) setInterval(everySecond, 1000);
  document.getElementById("errors")?.focus();
})();
