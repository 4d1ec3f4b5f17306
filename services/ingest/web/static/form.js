// The form works without this file. It adds three comforts: leaving in one step that the Back
// button does not undo, the phone's own location, and a button that cannot be pressed twice.
// It stores nothing and speaks to nobody.
"use strict";

const $ = (id) => document.getElementById(id);

$("exit").addEventListener("click", (event) => {
  event.preventDefault();
  document.body.replaceChildren();
  document.title = "";
  window.location.replace(event.currentTarget.href);
});

const form = document.querySelector("form");
if (form) {
  const send = $("send");
  const words = send.textContent;
  form.addEventListener("submit", () => {
    send.setAttribute("aria-disabled", "true");
    send.textContent = form.dataset.sending;
    // Disabled only after the browser has taken the form's values.
    setTimeout(() => { send.disabled = true; }, 0);
  });
  window.addEventListener("pageshow", () => {
    send.disabled = false;
    send.removeAttribute("aria-disabled");
    send.textContent = words;
  });
  if ("geolocation" in navigator) offerLocation();
}

function offerLocation() {
  const box = $("locate"), add = $("locate-add"), says = $("locate-says"), remove = $("locate-remove");
  const fields = form.elements;
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
