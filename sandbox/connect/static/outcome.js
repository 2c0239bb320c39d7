/** How it ended. */

import { call } from "./api.js";
import { connecting } from "./connecting.js";
import { button, h, problem, show } from "./dom.js";
import { logIn } from "./login.js";
import { emit, emitOld } from "./messages.js";
import { backToSearch } from "./search.js";
import { go, guarded, mayFindOthers, verifies } from "./steps.js";

// What helps depends on the status: other credentials, another attempt, or nothing here.
const NEEDS_CREDENTIALS = ["DENIED", "IMPAIRED", "IMPORTED", "PREVENTED"];
const BEYOND_REPAIR = ["CLOSED", "DISABLED", "DISCONTINUED"];

export function connected(member) {
  go("connected");
  emit("connect/memberConnected", { member_guid: member.guid });
  const done = () => {
    emit("connect/connected/primaryAction");
    emitOld("memberAdded", { member_guid: member.guid });
    show("Done", h("p", {}, "You can close this window."));
  };
  const words = verifies ? "Your account has been verified." : "Your accounts are connected.";
  show(`${member.name} is connected`, h("p", { class: "good" }, words), button("Done", done));
}

export function notConnected(member) {
  go("loginError");
  emit("connect/memberError", { member: { guid: member.guid, connection_status: member.status_number } });
  const status = member.connection_status;
  const credentials = () => guarded(() => logIn(member.institution_code, { member, back: backToSearch }));
  const again = () => guarded(async () => {
    await connecting((await call("POST", `members/${member.guid}/start`, {})).member);
  });
  const ways = [];
  if (NEEDS_CREDENTIALS.includes(status)) ways.push(button("Enter credentials again", credentials));
  else if (!BEYOND_REPAIR.includes(status)) {
    ways.push(button("Try again", again), button("Change credentials", credentials, "quiet"));
  }
  if (mayFindOthers) ways.push(button("Another institution", backToSearch, "quiet"));
  ways.push(button("Remove this connection", () => confirmRemoval(member), "quiet"));
  show("Not connected", problem(member.message), ways);
}

function confirmRemoval(member) {
  const remove = () => guarded(async () => {
    await call("DELETE", `members/${member.guid}`);
    emit("connect/memberDeleted", { member_guid: member.guid });
    if (mayFindOthers) backToSearch();
    else show("Removed", h("p", {}, "You can close this window."));
  });
  show(`Remove ${member.name}?`,
    h("p", {}, "What was imported through this connection is deleted."),
    button("Remove", remove), button("Keep it", () => notConnected(member), "quiet"));
}
