// Sends waiting reports when the network is back and the page is closed, where the browser wakes it
// for that. It serves no page and keeps no copy of one; when nothing waits, it removes itself.
"use strict";

importScripts("/static/waiting.js");

self.addEventListener("sync", (event) => event.waitUntil(sendAll()));

async function sendAll() {
  for (const report of await Waiting.kept()) {
    if (report.until < Date.now()) await Waiting.drop(report);
    else if (!report.refused) await Waiting.alone(() => send(report));
  }
  if (!(await Waiting.kept()).length) await self.registration.unregister();
}

async function send(report) {
  const answer = await Waiting.post(report);
  // What the server wants to have mended waits for its writer, who sees why at the next visit.
  await (answer.ok ? Waiting.drop(report) : Waiting.keep({ ...report, refused: true }));
}
