/** Where the end user is, and what they meant to do if something goes wrong there. */

import { button, problem, show } from "./dom.js";
import { config, emit, emitOld } from "./messages.js";

let step = null;
let back = null;

export const verifies = config.mode === "verification";
export const mayFindOthers = !(
  config.disable_institution_search && (config.current_member_guid || config.current_institution_code)
);

/** Go to a step; `goBack` leads back from it. */
export function go(next, goBack = null) {
  if (step === null) {
    emit("connect/loaded", { initial_step: next });
    emitOld("mxConnectLoaded");
  } else if (step !== next) {
    emit("connect/stepChange", { previous: step, current: next });
  }
  step = next;
  back = goBack;
}

/** What the SDK's navigateBack() does; whether there was a way back. */
export function goBack() {
  if (!back) return false;
  back();
  return true;
}

/** Do something that may fail, and say so where it does. */
export async function guarded(work, again) {
  try {
    await work();
  } catch (error) {
    go("error");
    show("Something went wrong", problem(error.message), again ? button("Start again", again) : null);
  }
}
