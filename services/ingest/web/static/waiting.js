// A report that waits for the network: the one thing that this site ever keeps on a phone.
// Read by the page and by the worker. It is kept only after a try has failed, until it is sent,
// forgotten by its writer, or too old; then all that held it is deleted. The form's hidden number
// goes along each time, so that a report that is sent twice is still one report.
"use strict";

const Waiting = (() => {
  const NAME = "waiting", REPORTS = "reports";
  const PATIENCE_MS = 20000, LONGEST_MS = 24 * 60 * 60 * 1000;
  // Where a browser has buckets, it deletes ours by itself when its time is up, files and all.
  const buckets = navigator.storageBuckets;

  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  async function opened(make) {
    if (buckets && !make && !(await buckets.keys()).includes(NAME)) return null;
    const home = buckets ? await buckets.open(NAME, { expires: Date.now() + LONGEST_MS }) : self;
    const request = home.indexedDB.open(NAME, 1);
    // Aborting leaves no empty database behind in the phone of somebody who only looked.
    request.onupgradeneeded = () => make
      ? request.result.createObjectStore(REPORTS, { keyPath: "key" })
      : request.transaction.abort();
    return asked(request).catch((error) => { if (make) throw error; return null; });
  }

  async function within(make, work) {
    const database = await opened(make);
    if (!database) return undefined;
    try {
      return await asked(work(database.transaction(REPORTS, "readwrite").objectStore(REPORTS)));
    } finally {
      database.close();
    }
  }

  const kept = async () => (await within(false, (reports) => reports.getAll())) || [];
  const keep = (report) => within(true, (reports) => reports.put(report));
  const forget = () => buckets ? buckets.delete(NAME) : asked(indexedDB.deleteDatabase(NAME));

  async function drop(report) {
    await within(false, (reports) => reports.delete(report.key));
    if (!(await kept()).length) await forget();
  }

  // One at a time, in all pages and the worker.
  const alone = (work) => navigator.locks ? navigator.locks.request(NAME, work) : work();

  // The server's answer. Throws where the report may not have arrived and is worth another try.
  async function post(report) {
    const patience = new AbortController(), timer = setTimeout(() => patience.abort(), PATIENCE_MS);
    try {
      const answer = await fetch(report.url, {
        method: "POST",
        body: report.body,
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        signal: patience.signal,
      });
      if (answer.status === 429 || answer.status >= 500) {
        throw Object.assign(new Error("not now"), { after: Number(answer.headers.get("Retry-After")) || 0 });
      }
      return { ok: answer.ok, html: await answer.text() };
    } finally {
      clearTimeout(timer);
    }
  }

  return { kept, keep, drop, forget, alone, post };
})();
