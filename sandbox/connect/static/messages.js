/** What the widget tells the page or app around it, and what it is told from there. */

export const config = JSON.parse(document.body.dataset.config);
const isCurrent = config.ui_message_version >= 4;
const scheme = config.ui_message_webview_url_scheme;
const around = window.parent !== window ? window.parent : window.opener;
const GAP = 60; // milliseconds between navigations: a later one would cancel an earlier one
const waiting = [];

function navigate() {
  window.location = waiting[0];
  setTimeout(() => {
    waiting.shift();
    if (waiting.length) navigate();
  }, GAP);
}

function send(message, path, content) {
  if (!config.is_mobile_webview) {
    around?.postMessage(message, "*"); // it is made to be embedded anywhere
    return;
  }
  const query = content ? `?metadata=${encodeURIComponent(JSON.stringify(content))}` : "";
  waiting.push(`${scheme}://${path}${query}`);
  if (waiting.length === 1) navigate();
}

/** A version 4 event, e.g. emit("connect/stepChange", {…}). */
export function emit(type, details = {}) {
  if (!isCurrent) return;
  const metadata = { user_guid: config.user_guid, session_guid: config.session_guid, ...details };
  send({ mx: true, type: `mx/${type}`, metadata }, type, metadata);
}

/** The first event of all, which says nothing about anybody. */
export function emitLoad() {
  if (isCurrent) send({ mx: true, type: "mx/load" }, "load");
}

/** The messages behind the loader's onLoad and onSuccess, for links without a version. */
export function emitOld(type, payload) {
  if (!isCurrent) send({ moneyDesktop: true, type, payload }, type, payload);
}

/** Answers the SDK's ping() and navigateBack(). `goBack` says whether there was a way back. */
export function listen(goBack) {
  window.addEventListener("message", (event) => {
    if (event.source !== around) return;
    const message = parsed(event.data);
    if (message?.type === "ping") emit("ping");
    if (message?.type === "mx/navigation" && message.payload?.action === "back") {
      emit("navigation", { did_go_back: goBack() });
    }
  });
}

function parsed(data) {
  try {
    return typeof data === "string" ? JSON.parse(data) : data;
  } catch {
    return null;
  }
}
