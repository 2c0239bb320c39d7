/** Logging in: with credentials here, or on the bank's own page. */

import { call, wait } from "./api.js";
import { connecting } from "./connecting.js";
import { button, choice, field, h, logo, problem, show, spinner, submit } from "./dom.js";
import { config, emit } from "./messages.js";
import { go, guarded, mayFindOthers } from "./steps.js";

const POLL = 700; // milliseconds

/** The login step of an institution; with a member, its credentials are replaced. */
export async function logIn(code, { member = null, back = null } = {}) {
  const { institution } = await call("GET", `institutions/${encodeURIComponent(code)}`);
  if (institution.supports_oauth) return atTheBank(institution, { member, back });
  enterCredentials(institution, { member, back });
}

function enterCredentials(institution, { member, back }) {
  const goBack = mayFindOthers ? back : null;
  go("enterCreds", goBack);
  const about = { institution: { code: institution.code, guid: institution.guid } };
  const send = (event) => {
    event.preventDefault();
    const values = new FormData(event.target);
    const credentials = institution.credentials.map(({ guid }) => ({ guid, value: values.get(guid) }));
    if (member) emit("connect/updateCredentials", { member_guid: member.guid, ...about });
    else emit("connect/enterCredentials", about);
    guarded(() => sendCredentials(institution, member, credentials), () => enterCredentials(institution, { member, back }));
  };
  const hint = h("p", { class: "hint" }, "Any username. The password ", h("code", {}, "password"),
    " connects, ", h("code", {}, "challenge"), " asks a question first.");
  show(`Log in at ${institution.name}`, logo(institution.code, 64),
    h("form", { onsubmit: send }, institution.credentials.flatMap(asked), hint, submit("Continue")),
    goBack ? button("Back", goBack, "quiet") : null);
}

function asked({ guid, label, type, options }) {
  if (options) return [choice(guid, label, options)];
  return field(guid, label, { type: type === "PASSWORD" ? "password" : "text", autocapitalize: "none", spellcheck: "false" });
}

async function sendCredentials(institution, member, credentials) {
  show("One moment", spinner("Logging in…"));
  if (member) {
    const changed = await call("PUT", `members/${member.guid}/credentials`, { member: { credentials } });
    return connecting(changed.member);
  }
  const created = await create(institution, { credentials });
  if (!created.existed) return connecting(created.member);
  go("existingMember");
  const [title, words] = created.was_connected
    ? [`${institution.name} is connected already`, "You have added this login before. It is being brought up to date."]
    : [`Trying ${institution.name} again`, "This login did not connect last time. What you entered now is tried."];
  show(title, h("p", {}, words),
    button("Continue", () => guarded(() => connecting(created.member))));
}

async function create(institution, values) {
  try {
    return await call("POST", "members", { member: { institution_code: institution.code, ...values } });
  } catch (error) {
    emit("connect/createMemberError", { institution_guid: institution.guid, institution_code: institution.code });
    throw error;
  }
}

/** OAuth: the bank's page opens elsewhere; here the widget waits for its outcome. */
export async function atTheBank(institution, { member = null, back = null, failed = false } = {}) {
  const goBack = mayFindOthers ? back : null;
  go("oauth", goBack);
  show(`Log in at ${institution.name}`, spinner("One moment…"));
  const there = member ?? (await create(institution, {})).member;
  const { url } = await call("POST", `members/${there.guid}/oauth`, {});
  const leave = () => {
    emit("connect/oauthRequested", { url, member_guid: there.guid });
    setTimeout(() => guarded(() => waitForTheBank(institution, there, back)));
  };
  // In an app the page around opens the bank, told by the event.
  const way = config.is_mobile_webview
    ? button(`Go to ${institution.name}`, leave)
    : h("a", { class: "primary", href: url, target: "_blank", rel: "noopener", onclick: leave }, `Go to ${institution.name}`);
  show(`Log in at ${institution.name}`, logo(institution.code, 64),
    failed ? problem("The login was not completed. Nothing was shared.") : null,
    h("p", {}, `${institution.name} opens in a window of its own. Log in there, allow access, and come back.`),
    way, goBack ? button("Back", goBack, "quiet") : null);
}

async function waitForTheBank(institution, member, back) {
  const once_more = () => guarded(() => atTheBank(institution, { member, back }));
  show(`Waiting for ${institution.name}`, spinner("Log in there, then come back."), button("Open it again", once_more, "quiet"));
  const heading = document.querySelector("h1");
  while (heading.isConnected) {
    const { member: now } = await call("GET", `members/${member.guid}`);
    if (!heading.isConnected) return;
    if (now.oauth_failed) {
      emit("connect/oauthError", { member_guid: member.guid });
      return atTheBank(institution, { member: now, back, failed: true });
    }
    if (now.connection_status !== "PENDING" && (now.is_being_aggregated || now.aggregated_at !== member.aggregated_at)) {
      return connecting(now);
    }
    await wait(POLL);
  }
}
