// The form works without this file. It adds comforts: leaving in one step that the Back button does
// not undo, the phone's own location, a button that cannot be pressed twice, and a report that
// waits for the network and then goes by itself (waiting.js).
"use strict";

const $ = (id) => document.getElementById(id);
const RETRY_S = 15;
let held = null; // the report that waits, while one does
let timer = 0;

for (const way of document.querySelectorAll(".leave")) way.addEventListener("click", leave);
window.addEventListener("pagehide", () => { if (!held) dismissWorker(); });
window.addEventListener("online", attempt);
document.addEventListener("visibilitychange", () => { if (!document.hidden) attempt(); });

begin();
resume();

function leave(event) {
  const to = event.currentTarget.href;
  event.preventDefault();
  document.body.replaceChildren();
  document.title = "";
  if (!held) dismissWorker();
  window.location.replace(to);
}

// --- the form, as it came or as an answer brought it anew ---------------------------------------

function begin() {
  const form = document.querySelector("form");
  if (!form) return;
  const made = Date.now();
  form.addEventListener("input", callWorker, { once: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, made);
  });
  $("waiting-try").addEventListener("click", attempt);
  $("waiting-forget").addEventListener("click", forget);
  if ("geolocation" in navigator) offerLocation();
}

async function submit(form, made) {
  const send = $("send"), words = send.textContent;
  if (send.disabled) return;
  send.disabled = true;
  send.textContent = form.dataset.sending;
  const report = {
    key: form.elements.nonce.value,
    url: form.action,
    body: new URLSearchParams(new FormData(form)).toString(),
    until: made + Number(form.dataset.keepS) * 1000,
  };
  try {
    show((await Waiting.post(report)).html);
  } catch (error) {
    send.disabled = false;
    send.textContent = words;
    await wait({ ...report, body: report.body + "&waited=1" }, error.after);
  }
}

function show(html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  document.title = answer.title;
  document.querySelector("main").replaceWith(answer.querySelector("main"));
  window.scrollTo(0, 0);
  const first = document.querySelector("main [autofocus], main h1");
  first.tabIndex = -1;
  first.focus();
  begin();
  if (!document.querySelector("form")) dismissWorker();
}

// --- waiting ------------------------------------------------------------------------------------

async function resume() {
  if (!$("waiting") || !document.querySelector("form")) return;
  const kept = await Waiting.kept().catch(() => []);
  // What was written into another form (an exercise's, or the real one) is never shown under this one's head.
  const [report] = kept.filter(ofThisForm);
  kept.filter((other) => !ofThisForm(other)).forEach(sendAside);
  if (!report || held) return;
  await wait(report);
  attempt();
}

function ofThisForm(report) {
  return new URL(report.url).pathname === new URL(document.querySelector("form").action).pathname;
}

// It goes to its own form; what that one refuses waits there for its writer.
function sendAside(report) {
  Waiting.alone(async () => {
    if ((await Waiting.post(report)).ok) await Waiting.drop(report);
  }).catch(() => {});
}

async function wait(report, after = 0) {
  held = report;
  const kept = await Waiting.keep(report).then(() => true, () => false);
  const moment = new Date(report.until), two = (n) => String(n).padStart(2, "0");
  const time = `${two(moment.getDate())}/${two(moment.getMonth() + 1)} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
  // The marks keep date and time in their order between words that run from right to left.
  $("waiting-kept").textContent = kept ? $("waiting").dataset.kept.replace("{time}", `\u2066${time}\u2069`) : "";
  panel(true);
  $("waiting").focus();
  wake();
  later(after);
}

function later(after = 0) {
  clearTimeout(timer);
  // Spread out, so that a thousand phones do not knock together.
  timer = setTimeout(attempt, Math.max(after, RETRY_S) * 1000 * (1 + Math.random()));
}

async function attempt() {
  const report = held;
  if (!report) return;
  clearTimeout(timer);
  if (report.until < Date.now()) return giveUp($("waiting").dataset.expired);
  try {
    await Waiting.alone(async () => {
      if (held !== report) return;
      const { html } = await Waiting.post(report);
      await Waiting.drop(report).catch(() => {});
      if (held !== report) return;
      held = null;
      show(html);
    });
  } catch (error) {
    if (held === report) later(error.after);
  }
}

async function giveUp(says) {
  const report = held;
  held = null;
  clearTimeout(timer);
  await Waiting.drop(report).catch(() => {});
  panel(false);
  $("forgotten").textContent = says;
  $("forgotten").hidden = false;
}

async function forget() {
  const form = document.querySelector("form");
  for (const field of form.elements) {
    if (field.type === "radio") field.checked = false;
    else if (field.name !== "nonce" && field.type !== "button" && field.type !== "submit") field.value = "";
  }
  $("locate-remove").click();
  await giveUp($("waiting").dataset.forgotten);
  dismissWorker();
  $("forgotten").focus();
}

function panel(waiting) {
  $("waiting").hidden = !waiting;
  $("writing").hidden = waiting;
}

// --- the worker, which is there only while somebody writes or a report waits ----------------------

const workers = () => navigator.serviceWorker || null;

function callWorker() {
  workers()?.register("/static/worker.js").catch(() => {});
}

async function dismissWorker() {
  (await workers()?.getRegistration("/static/").catch(() => null))?.unregister();
}

async function wake() {
  const found = await workers()?.getRegistration("/static/").catch(() => null);
  await found?.sync?.register("send").catch(() => {});
}

// --- the phone's own location -------------------------------------------------------------------

function offerLocation() {
  const box = $("locate"), add = $("locate-add"), says = $("locate-says"), remove = $("locate-remove");
  const fields = document.querySelector("form").elements;
  const show = (text, located) => {
    says.textContent = text;
    add.hidden = located;
    remove.hidden = !located;
    box.classList.toggle("located", located);
  };
  const located = () => show(box.dataset.located.replace("{metres}", fields.accuracy_m.value), true);
  const set = (lat, lon, accuracy) => {
    fields.lat.value = lat;
    fields.lon.value = lon;
    fields.accuracy_m.value = accuracy;
  };
  box.hidden = false;
  if (fields.lat.value) located();
  add.addEventListener("click", () => {
    callWorker();
    show(box.dataset.locating, false);
    add.hidden = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        set(coords.latitude.toFixed(5), coords.longitude.toFixed(5), Math.max(1, Math.round(coords.accuracy)));
        located();
        remove.focus();
      },
      () => { show(box.dataset.failed, false); add.focus(); },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
  remove.addEventListener("click", () => {
    set("", "", "");
    show("", false);
    add.focus();
  });
}
