/** What the widget tells the page (or app) around it. */

const config = JSON.parse(document.body.dataset.config);
const version = Number(config.ui_message_version || 0);
const scheme = config.ui_message_webview_url_scheme || "atrium";

function send(message, path) {
  if (config.is_mobile_webview) {
    const metadata = message.metadata ?? message.payload;
    const query = metadata ? `?metadata=${encodeURIComponent(JSON.stringify(metadata))}` : "";
    window.location = `${scheme}://${path}${query}`;
    return;
  }
  const target = window.parent !== window ? window.parent : window.opener;
  target?.postMessage(message, "*");
}

/** A version 4 event, e.g. emit("connect/stepChange", {…}). */
export function emit(type, metadata = {}) {
  if (version < 4) return;
  const guids = { user_guid: config.user_guid, session_guid: config.session_guid };
  send({ mx: true, type: `mx/${type}`, metadata: { ...guids, ...metadata } }, type);
}

/** The messages behind onLoad and onSuccess, for links without a version. */
export function emitOld(type, payload) {
  if (version >= 4) return;
  send({ moneyDesktop: true, type, payload }, type);
}

export { config };
