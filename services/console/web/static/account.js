// Passkeys: asks our server for a question, the device for its answer, and brings the answer back.
// Without this script a password with codes still works.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

async function ask(url, csrf, body) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF": csrf },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

function make(question) {
  const user = { ...question.user, id: bytes(question.user.id) };
  const known = named(question.excludeCredentials);
  const publicKey = { ...question, challenge: bytes(question.challenge), user, excludeCredentials: known };
  return navigator.credentials.create({ publicKey });
}

function sign(question) {
  const known = named(question.allowCredentials);
  const publicKey = { ...question, challenge: bytes(question.challenge), allowCredentials: known };
  return navigator.credentials.get({ publicKey });
}

function plain(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

async function proceed(part, state) {
  const { passkey: url, after, csrf } = part.dataset;
  const label = part.querySelector("input");
  state.textContent = part.dataset.waiting;
  const question = await ask(`${url}/question`, csrf, {});
  let answer;
  try {
    answer = plain(await (question.user ? make(question) : sign(question)));
  } catch {
    throw new Error(part.dataset.failed);
  }
  const there = after ? `?next=${encodeURIComponent(after)}` : "";
  const done = await ask(url + there, csrf, { ...answer, label: label ? label.value : "" });
  location.assign(done.next);
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  const button = part.querySelector("button");
  const state = part.querySelector("[role=status]");
  if (!window.PublicKeyCredential) {
    state.textContent = part.dataset.unable;
    continue;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await proceed(part, state);
    } catch (error) {
      state.textContent = error.message || part.dataset.failed;
      button.disabled = false;
      button.focus();
    }
  });
}
