/** The first steps: find an institution, or choose a connection that is there already. */

import { call } from "./api.js";
import { button, h, logo, show } from "./dom.js";
import { connecting } from "./connecting.js";
import { logIn } from "./login.js";
import { emit } from "./messages.js";
import { go, guarded, verifies } from "./steps.js";

const PAUSE = 250; // milliseconds without typing

function row(code, name, about, onclick) {
  const words = h("span", {}, name, about ? h("small", {}, about) : null);
  return h("li", {}, h("button", { type: "button", class: "row", onclick }, logo(code), words));
}

export function search() {
  go("search");
  const list = h("ul", { class: "rows", "aria-label": "Institutions" });
  const found = h("p", { class: "hint", role: "status" });
  let latest = 0;
  let shown = null;
  const find = async (query) => {
    const mine = ++latest;
    const { institutions } = await call("GET", `institutions?query=${encodeURIComponent(query)}`);
    const codes = institutions.map((one) => one.code).join();
    if (mine !== latest || codes === shown) return; // nothing moves under a finger for no reason
    shown = codes;
    list.replaceChildren(...institutions.map((one) => row(one.code, one.name, host(one), () => selected(one))));
    const count = institutions.length;
    found.textContent = count ? `${count} ${count === 1 ? "institution" : "institutions"}` : "No institution has that name.";
  };
  let timer = 0;
  let told = "";
  const tell = () => {
    clearTimeout(timer);
    const query = input.value.trim();
    if (query && query !== told) emit("connect/institutionSearch", { query });
    told = query;
    return query;
  };
  const typed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => guarded(() => find(tell()), search), PAUSE);
  };
  const selected = (one) => {
    tell(); // who is quick has searched, too
    select(one);
  };
  const input = h("input", { type: "search", id: "query", autocomplete: "off", placeholder: "Search for your bank", oninput: typed });
  const title = verifies ? "Verify an account" : "Select your institution";
  show(title, h("label", { for: "query" }, "Institution"), input, found, list);
  guarded(() => find(""), search);
}

const host = (institution) => new URL(institution.url).host;

function select(one) {
  emit("connect/selectedInstitution", { code: one.code, guid: one.guid, name: one.name, url: one.url });
  guarded(() => logIn(one.code, { back: backToSearch }), search);
}

export function backToSearch() {
  emit("connect/backToSearch");
  search();
}

/** Verification mode begins with what is connected already, if anything is. */
export async function existing() {
  const { members } = await call("GET", "members");
  if (members.length === 0) return search();
  go("verifyExistingMember");
  const verify = (member) => guarded(async () => {
    const begun = await call("POST", `members/${member.guid}/start`, {});
    await connecting(begun.member);
  }, existing);
  const rows = members.map((member) => row(member.institution_code, member.name, null, () => verify(member)));
  show("Verify an account", h("p", {}, "Use a connected institution, or find another."),
    h("ul", { class: "rows", "aria-label": "Connected institutions" }, rows),
    button("Find another", search, "quiet"));
}
