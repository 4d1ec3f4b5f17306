// A bridge out of process in JavaScript (Node 18 or newer, nothing to install): each line on standard input is
// a report, signed with the bridge's own key. RELAY_URL, RELAY_BRIDGE and RELAY_KEY_FILE: see README.md.
import { createHash, createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const { RELAY_URL, RELAY_BRIDGE, RELAY_KEY_FILE } = process.env;
const key = createPrivateKey(readFileSync(RELAY_KEY_FILE));
const LONGEST_PAUSE_S = 60;

const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const say = (words) => process.stderr.write(`lines: ${words}\n`); // never a word of a report

// The status, 0 for no answer, and how long the relay wants us to wait.
async function post(id, body) {
  const now = String(Math.floor(Date.now() / 1000));
  const signature = sign(null, Buffer.from(`${id}.${now}.${body}`), key).toString("base64");
  const headers = {
    "Content-Type": "application/json",
    Authorization: `Signed ${RELAY_BRIDGE}`,
    "webhook-id": id,
    "webhook-timestamp": now,
    "webhook-signature": `v1a,${signature}`,
  };
  try {
    const request = { method: "POST", body, headers, signal: AbortSignal.timeout(20_000) };
    const answer = await fetch(`${RELAY_URL}/v1/reports`, request);
    await answer.arrayBuffer();
    return [answer.status, Number(answer.headers.get("retry-after")) || 0];
  } catch {
    return [0, 0];
  }
}

// Send it until it is stored; the same id at every attempt makes it one report. False: our key is unknown.
async function handOn(text) {
  const id = createHash("sha256").update(text).digest("hex").slice(0, 32);
  const body = JSON.stringify({ text });
  for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE_S)) {
    const [status, after] = await post(id, body);
    if (status === 202) return true;
    if (status === 401 || status === 403) return false;
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
      say(`a line was refused with ${status} and is passed by`);
      return true;
    }
    await wait(after || pause);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const text = line.trim();
  if (text && !(await handOn(text))) {
    say("the relay does not know this key; see README.md");
    process.exit(1);
  }
}
