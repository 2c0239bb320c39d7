/** MX Connect in a dialog, embedded with MX's own loader. */

import { byId } from "./dom.js";

let mxConnect; // MX wants one instance for the whole page
let finish = () => {};

function loader() {
  if (typeof window.MXConnect !== "function") {
    throw new Error("MX's loader, /connect.js, did not load. Is the sandbox running?");
  }
  return new window.MXConnect({
    id: "addAccount",
    onLoad: () => byId("widget").classList.add("loaded"),
    onSuccess: (memberGuid) => finish(memberGuid), // the links ask for no newer message version
  });
}

/** Opens the widget; resolves with the member's guid, or null if the user closes it first. */
export function connect(title, url) {
  mxConnect ??= loader();
  const dialog = byId("widget");
  byId("widget-title").textContent = title;
  byId("close-widget").onclick = () => dialog.close();
  dialog.classList.remove("loaded");
  dialog.showModal();
  mxConnect.load(url);
  return new Promise((resolve) => {
    dialog.onclose = () => finish(null); // Escape and Close
    finish = (memberGuid) => {
      finish = () => {};
      dialog.onclose = null;
      dialog.close();
      byId("addAccount").replaceChildren();
      resolve(memberGuid);
    };
  });
}
