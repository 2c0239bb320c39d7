/** The Connect widget: search → credentials → (questions) → connecting → connected. */

import { call } from "./api.js";
import { button, h, problem, show } from "./dom.js";
import { config, emit, emitOld } from "./messages.js";

const verifies = config.mode === "verification";
const POLL = 400; // milliseconds
const TIME_OUT = 30_000; // without any news
let step = null;
let announced = null; // the last status told to the page

function go(next) {
  if (step === null) emit("connect/loaded", { initial_step: next });
  else if (step !== next) emit("connect/stepChange", { previous: step, current: next });
  if (step === null) emitOld("mxConnectLoaded");
  step = next;
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function guarded(work) {
  try {
    await work();
  } catch (error) {
    go("error");
    show("Something went wrong", problem(error.message), button("Start again", () => start()));
  }
}

function row(institution, onclick) {
  const logo = h("img", { src: institution.small_logo_url, alt: "", width: 40, height: 40 });
  return h("li", {}, h("button", { type: "button", class: "row", onclick }, logo, institution.name));
}

function search() {
  go("search");
  const list = h("ul", { class: "rows", "aria-label": "Institutions" });
  const empty = h("p", { hidden: true }, "No institution has that name.");
  let latest = 0;
  let shown = null;
  const find = async (query) => {
    const mine = ++latest;
    const { institutions } = await call("GET", `institutions?query=${encodeURIComponent(query)}`);
    const codes = institutions.map((one) => one.code).join();
    if (mine !== latest || codes === shown) return; // nothing moves under a finger for no reason
    shown = codes;
    list.replaceChildren(...institutions.map((one) => row(one, () => guarded(() => select(one)))));
    empty.hidden = institutions.length > 0;
  };
  let timer = 0;
  const input = h("input", {
    type: "search",
    id: "query",
    autocomplete: "off",
    placeholder: "Search for your bank",
    oninput: (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        emit("connect/institutionSearch", { query: event.target.value });
        guarded(() => find(event.target.value));
      }, 250);
    },
  });
  const label = h("label", { for: "query" }, "Institution");
  show(verifies ? "Verify an account" : "Select your institution", label, input, list, empty);
  guarded(() => find(""));
}

async function select(one) {
  emit("connect/selectedInstitution", {
    code: one.code,
    guid: one.guid,
    name: one.name,
    url: one.url,
  });
  await enterCredentials(one.code);
}

async function enterCredentials(code, member = null, message = "") {
  const { institution } = await call("GET", `institutions/${encodeURIComponent(code)}`);
  go("enterCreds");
  const inputs = institution.credentials.map((field) =>
    h("input", {
      id: field.guid,
      type: field.type === "PASSWORD" ? "password" : "text",
      autocomplete: "off",
      required: true,
    }),
  );
  const fields = institution.credentials.flatMap((field, index) => [
    h("label", { for: field.guid }, field.label),
    inputs[index],
  ]);
  const submit = async (event) => {
    event.preventDefault();
    const credentials = inputs.map((input) => ({ guid: input.id, value: input.value }));
    const about = { institution: { code, guid: institution.guid } };
    if (member) emit("connect/updateCredentials", { member_guid: member.guid, ...about });
    else emit("connect/enterCredentials", about);
    await guarded(() => submitCredentials(code, member, credentials));
  };
  const back = config.disable_institution_search ? null : button("Back", goBack, "quiet");
  const logo = h("img", { src: institution.medium_logo_url, alt: "", width: 64, height: 64 });
  const hint = h("p", { class: "hint" }, "Any username; the password ", h("code", {}, "password"),
    " connects, ", h("code", {}, "challenge"), " asks a question first.");
  show(
    `Log in at ${institution.name}`,
    logo,
    problem(message),
    h("form", { onsubmit: submit }, ...fields, hint, button("Continue", null, "submit")),
    back,
  );
}

function goBack() {
  emit("connect/backToSearch");
  search();
}

async function submitCredentials(code, member, credentials) {
  show("Connecting", spinner("Logging in…"));
  let answer;
  try {
    answer = member
      ? await call("PUT", `members/${member.guid}/credentials`, { member: { credentials } })
      : await call("POST", "members", { member: { institution_code: code, credentials } });
  } catch (error) {
    emit("connect/createMemberError", { institution_guid: code, institution_code: code });
    throw error;
  }
  await connecting(answer.member);
}

function spinner(text) {
  return h("div", { class: "wait", role: "status" }, h("span", { class: "spinner" }), text);
}

async function connecting(member) {
  go("connecting");
  show(`Connecting to ${member.name}`, spinner("This takes a moment…"));
  let changed = Date.now();
  while (member.is_being_aggregated && member.connection_status !== "CHALLENGED") {
    if (announce(member)) changed = Date.now();
    if (Date.now() - changed > TIME_OUT) return timeOut(member);
    await wait(POLL);
    ({ member } = await call("GET", `members/${member.guid}`));
  }
  announce(member);
  if (member.connection_status === "CHALLENGED") return question(member);
  if (member.connection_status !== "CONNECTED") return loginError(member);
  if (verifies && !member.has_numbers) return selectAccount(member);
  return connected(member);
}

function announce(member) {
  if (announced === member.connection_status) return false;
  announced = member.connection_status;
  emit("connect/memberStatusUpdate", {
    member_guid: member.guid,
    connection_status: member.status_number,
  });
  return true;
}

function question(member, message = "") {
  go("mfa");
  const challenge = member.challenges[0];
  const id = challenge.guid;
  const control = challenge.options
    ? h("select", { id, required: true }, challenge.options.map((one) => h("option", { value: one.value }, one.label)))
    : h("input", { id, type: "text", autocomplete: "off", required: true });
  const submit = async (event) => {
    event.preventDefault();
    emit("connect/submitMFA", { member_guid: member.guid });
    await guarded(async () => {
      const answers = { [id]: control.value };
      show("Checking your answer", spinner("One moment…"));
      const next = await call("POST", `members/${member.guid}/answer`, { answers });
      await connecting(next.member);
    });
  };
  const hint = challenge.options
    ? null
    : h("p", { class: "hint" }, "The answer is ", h("code", {}, "correct"), ".");
  show(
    `${member.name} asks`,
    problem(message),
    h("form", { onsubmit: submit }, h("label", { for: id }, challenge.label), control, hint, button("Continue", null, "submit")),
  );
}

function selectAccount(member) {
  go("verifyExistingMember");
  const choices = member.accounts.map((account, index) =>
    h("label", { class: "choice" },
      h("input", { type: "radio", name: "account", value: account.guid, checked: index === 0 }),
      `${account.name} ····${account.mask}`),
  );
  const everything = h("label", { class: "choice" },
    h("input", { type: "radio", name: "account", value: "" }), "All of them");
  const submit = async (event) => {
    event.preventDefault();
    const chosen = new FormData(event.target).get("account");
    await guarded(async () => {
      const next = await call("POST", `members/${member.guid}/verify`, { account_guid: chosen });
      await connecting(next.member);
    });
  };
  show(
    "Which account shall be verified?",
    h("form", { onsubmit: submit }, h("fieldset", {}, h("legend", {}, member.name), ...choices, everything), button("Verify", null, "submit")),
  );
}

function connected(member) {
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

const TROUBLE = {
  DENIED: "The login was not accepted.",
  REJECTED: "The answer was not accepted.",
  LOCKED: "Your login is locked. Unlock it at your institution first.",
  EXPIRED: "The answer came too late.",
};

function loginError(member) {
  go("loginError");
  emit("connect/memberError", {
    member: { guid: member.guid, connection_status: member.status_number },
  });
  const words = TROUBLE[member.connection_status] ?? "The institution cannot be connected now.";
  const again = () => guarded(() => enterCredentials(member.institution_code, member));
  const other = config.disable_institution_search ? null : button("Another institution", goBack, "quiet");
  show("Not connected", problem(words), button("Try again", again), other);
}

function timeOut(member) {
  go("timeOut");
  show("This takes longer", h("p", {}, "The import goes on by itself."), button("Keep waiting", () => guarded(() => connecting(member))));
}

async function existing() {
  const { members } = await call("GET", "members");
  if (members.length === 0) return search();
  go("verifyExistingMember");
  const rows = members.map((member) =>
    row({ name: member.name, small_logo_url: `/md/connect/logos/${member.institution_code}.svg` },
      () => guarded(() => connecting(member))));
  show("Verify an account", h("p", {}, "Use a connected institution, or find another."),
    h("ul", { class: "rows" }, rows), button("Find another", () => search(), "quiet"));
}

async function start() {
  if (config.current_member_guid) {
    const { member } = await call("GET", `members/${config.current_member_guid}`);
    if (config.update_credentials) return enterCredentials(member.institution_code, member);
    if (member.connection_status === "CHALLENGED") return question(member);
    return connecting(member);
  }
  if (config.current_institution_code) return enterCredentials(config.current_institution_code);
  return verifies ? existing() : search();
}

emit("load");
guarded(start);
setInterval(() => emit("ping"), 60_000);
