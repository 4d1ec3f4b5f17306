// Keeps the live page live. The list comes whole and escaped from the server at every change;
// without JavaScript, or when too many pages are live, reloading does the same.
(() => {
  const list = document.getElementById("entries");
  const state = document.getElementById("live");
  const url = "/live?lang=" + encodeURIComponent(list.dataset.lang);
  const say = (text, lost) => {
    // Whoever reads on without a connection must see that this may be old.
    state.classList.toggle("stale", lost);
    // The same words again would be read out again by screen readers.
    if (state.textContent !== text) {
      state.textContent = text;
    }
  };
  const open = () => {
    const events = new EventSource(url);
    events.addEventListener("open", () => say(state.dataset.live, false));
    events.addEventListener("entries", (event) => {
      list.innerHTML = JSON.parse(event.data).html;
    });
    events.addEventListener("error", () => {
      say(state.dataset.lost, true);
      // The browser connects again by itself, except after a refusal; then we look again later.
      if (events.readyState === EventSource.CLOSED) {
        setTimeout(open, 30000);
      }
    });
  };
  open();
})();
