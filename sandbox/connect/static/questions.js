/** What the institution asks on the way in, all its questions at once. */

import { call } from "./api.js";
import { connecting } from "./connecting.js";
import { choice, field, h, show, spinner, submit } from "./dom.js";
import { emit } from "./messages.js";
import { go, guarded } from "./steps.js";

export function ask(member) {
  go("mfa");
  const selects = member.challenges.some((one) => one.field_name === "account_selection");
  const send = (event) => {
    event.preventDefault();
    const answers = Object.fromEntries(new FormData(event.target));
    emit("connect/submitMFA", { member_guid: member.guid });
    show(selects ? "Verifying" : "Checking your answer", spinner("One moment…"));
    guarded(async () => {
      const next = await call("POST", `members/${member.guid}/answer`, { answers });
      await connecting(next.member);
    }, () => guarded(() => again(member)));
  };
  const isChoice = member.challenges.every((one) => one.options ?? one.image_options);
  const hint = selects ? null : h("p", { class: "hint" }, ...(isChoice
    ? ["In the sandbox the first choice is right."]
    : ["The right answer is ", h("code", {}, "correct"), "."]));
  show(selects ? "Choose an account" : `${member.name} asks`,
    h("form", { onsubmit: send }, member.challenges.flatMap(question), hint, submit(selects ? "Verify" : "Continue")));
}

async function again(member) {
  await connecting((await call("GET", `members/${member.guid}`)).member);
}

function question({ guid, label, type, options, image_options, image_data }) {
  if (type === "OPTIONS") return [choice(guid, label, options)];
  if (type === "IMAGE_OPTIONS") {
    return [choice(guid, label, image_options.map((one) => ({ ...one, picture: one.data_uri })))];
  }
  const picture = image_data
    ? [h("img", { class: "asked", src: `data:image/png;base64,${image_data}`, alt: "The picture in question", width: 100, height: 100 })]
    : [];
  const kind = type === "TOKEN" ? { autocomplete: "one-time-code" } : {};
  return [...picture, ...field(guid, label, { type: "text", autocapitalize: "none", ...kind })];
}
