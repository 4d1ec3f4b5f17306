// Keeps the desk live and counts claims down. Without it everything works by reloading the page.
(() => {
  const live = document.getElementById("live");
  const state = document.getElementById("state");

  if (!live || !state) {
    return;
  }

  let behind = 0; // how far this clock is behind the relay's, in seconds
  const setClock = (now) => { behind = now - Date.now() / 1000; };
  setClock(Number(live.dataset.now));
  const say = (text) => {
    // The same words again would be read out again by screen readers.
    if (state.textContent !== text) {
      state.textContent = text;
    }
  };

  const told = new Set();
  const announce = (until, left) => {
    const at = left <= 0 ? 0 : left <= 60 ? 1 : left <= 300 ? 5 : null;
    const key = until + ":" + at;
    if (at === null || told.has(key)) {
      return;
    }
    told.add(key);
    say(at ? live.dataset.soon.replace("{n}", String(at)) : live.dataset.gone);
  };
  const count = () => {
    for (const time of live.querySelectorAll("[data-until]")) {
      const left = Math.max(0, Math.round(Number(time.dataset.until) - Date.now() / 1000 - behind));
      const shown = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
      time.textContent = live.dataset.left.replace("{t}", shown);
      time.classList.toggle("soon", left <= 120);
      if (time.dataset.mine) {
        announce(time.dataset.until, left);
      }
    }
  };

  const replace = (html) => {
    const folds = [...live.querySelectorAll("details[id]")].map((d) => [d.id, d.open]);
    const at = live.contains(document.activeElement) ? path(document.activeElement) : null;
    const tiles = live.querySelector("[data-keep]");
    live.innerHTML = html;
    const fresh = live.querySelector("[data-keep]");
    if (tiles && fresh && tiles.dataset.keep === fresh.dataset.keep) {
      fresh.replaceWith(tiles); // the same pictures: they are not asked for again
    }
    for (const [id, open] of folds) {
      document.getElementById(id)?.toggleAttribute("open", open); // as whoever reads it left it
    }
    if (at) {
      const same = find(at);
      same?.focus({ preventScroll: true });
      same?.scrollIntoView({ block: "nearest" }); // only if what came above it has pushed it off the screen
    }
    count();
  };
  // Where the focus was, by what it did: whoever works by keyboard goes on from there.
  const path = (element) => ({
    id: element.id,
    href: element.getAttribute("href"),
    action: element.getAttribute("formaction"),
    inside: element.closest("details[id]")?.id,
    summary: element.tagName === "SUMMARY",
  });
  const find = (at) => {
    if (at.summary) {
      return document.getElementById(at.inside)?.querySelector("summary");
    }
    const same = (element) => element.getAttribute("href") === at.href && element.getAttribute("formaction") === at.action;
    return [...live.querySelectorAll("a, button")].find(same);
  };

  let seen = live.dataset.seen;
  const open = () => {
    const query = new URLSearchParams({ view: live.dataset.view, lang: live.dataset.lang, seen });
    const events = new EventSource("/desk/live?" + query);
    events.addEventListener("open", () => say(state.dataset.live));
    events.addEventListener("live", (event) => {
      const news = JSON.parse(event.data);
      seen = event.lastEventId;
      setClock(news.now);
      replace(news.html);
      if (news.news) { // what others did, and not what follows from one's own act
        say(state.textContent === state.dataset.changed ? state.dataset.changed + " " : state.dataset.changed);
      }
    });
    events.addEventListener("error", () => {
      say(state.dataset.lost);
      // The browser connects again by itself, except after a refusal; then we look again later.
      if (events.readyState === EventSource.CLOSED) {
        setTimeout(open, 30000);
      }
    });
  };
  count();
  setInterval(count, 1000);
  open();
})();
