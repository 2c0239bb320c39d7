/**
 * The Connect widget. A file for each part of the way:
 * search → login → connecting (→ questions → connecting) → outcome.
 */

import { repair } from "./connecting.js";
import { logIn } from "./login.js";
import { config, emit, emitLoad, listen } from "./messages.js";
import { backToSearch, existing, search } from "./search.js";
import { goBack, guarded, verifies } from "./steps.js";

const PING = 60_000; // milliseconds

async function begin() {
  if (config.current_member_guid) {
    return repair((member) => logIn(member.institution_code, { member, back: backToSearch }));
  }
  if (config.current_institution_code) {
    return logIn(config.current_institution_code, { back: backToSearch });
  }
  return verifies ? existing() : search();
}

emitLoad();
listen(goBack);
guarded(begin, () => guarded(begin));
setInterval(() => emit("ping"), PING);
