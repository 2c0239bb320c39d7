/** From the login to the outcome: progress, questions, more jobs, done or not. */

import { call, wait } from "./api.js";
import { button, h, show, spinner } from "./dom.js";
import { config, emit } from "./messages.js";
import { connected, notConnected } from "./outcome.js";
import { ask } from "./questions.js";
import { go, guarded } from "./steps.js";

const POLL = 400; // milliseconds
const TIME_OUT = 30_000; // without any news
const MOST_STUMBLES = 3;
let announced = null; // the last status told to the page

/** Follow a member until it is connected, asks something, or cannot be connected. */
export async function connecting(member) {
  go("connecting");
  const words = h("span", {});
  const waiting = spinner("");
  waiting.append(words);
  show(`Connecting to ${member.name}`, waiting);
  let now = member;
  for (;;) {
    now = await settled(now, words);
    if (now === null) return timeOut(member);
    if (now.connection_status !== "CONNECTED") break;
    const next = await call("POST", `members/${member.guid}/continue`, {});
    if (next.done) return connected(next.member);
    now = next.member;
  }
  if (now.connection_status === "CHALLENGED") return ask(now);
  return notConnected(now);
}

/** The member once nothing runs on it or it asks; null after too long without news. */
async function settled(member, words) {
  let now = member;
  let changed = Date.now();
  let stumbles = 0;
  while (now.is_being_aggregated && now.connection_status !== "CHALLENGED") {
    if (announce(now)) changed = Date.now();
    words.textContent = now.connection_status === "CONNECTED" ? "Importing your data…" : "Logging in…";
    if (Date.now() - changed > TIME_OUT) return null;
    await wait(POLL);
    try {
      now = (await call("GET", `members/${member.guid}`)).member;
      stumbles = 0;
    } catch (error) {
      if (++stumbles > MOST_STUMBLES) throw error;
    }
  }
  announce(now);
  return now;
}

function announce(member) {
  const news = `${member.guid} ${member.connection_status}`;
  if (announced === news) return false;
  announced = news;
  emit("connect/memberStatusUpdate", { member_guid: member.guid, connection_status: member.status_number });
  return true;
}

function timeOut(member) {
  go("timeOut");
  const again = () => guarded(async () => {
    announced = null;
    await connecting((await call("GET", `members/${member.guid}`)).member);
  });
  show("This takes longer than usual",
    h("p", {}, `The import from ${member.name} goes on by itself. You can wait for it, or come back later.`),
    button("Keep waiting", again));
}

/** Where a link to one member begins. */
export async function repair(existingLogin) {
  const { member } = await call("GET", `members/${config.current_member_guid}`);
  const isBusy = member.is_being_aggregated && member.connection_status !== "PENDING";
  if (member.connection_status === "CHALLENGED") return ask(member);
  if (config.update_credentials || member.connection_status === "PENDING") return existingLogin(member);
  if (isBusy) return connecting(member);
  if (member.connection_status === "CONNECTED") {
    const { member: now, done } = await call("POST", `members/${member.guid}/continue`, {});
    return done ? connected(now) : connecting(now);
  }
  if (["CREATED", "UPDATED", "RECONNECTED"].includes(member.connection_status)) {
    return connecting((await call("POST", `members/${member.guid}/start`, {})).member);
  }
  return notConnected(member);
}
