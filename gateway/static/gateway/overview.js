/* Keeps the overview up to date: fetches the page and replaces its numbers, until somebody pauses it. */
"use strict";

const UPDATE_INTERVAL_MS = 30000;
const FETCH_TIMEOUT_MS = 20000;

// Where the focus is within the numbers, so that it can be put back; empty if it is elsewhere.
function focusedPlace(region) {
  const element = document.activeElement;
  if (!region.contains(element)) {
    return null;
  }
  const places = [...region.querySelectorAll("a[href], summary, [tabindex]")];
  return { index: places.indexOf(element), href: element.getAttribute("href") };
}

function restoreFocus(region, place) {
  const places = [...region.querySelectorAll("a[href], summary, [tabindex]")];
  const same = place.href && places.find((item) => item.getAttribute("href") === place.href);
  const target = same || places[place.index];
  if (target) {
    target.focus({ preventScroll: true });
  }
}

async function update() {
  const response = await fetch(location.href, {
    credentials: "same-origin",
    headers: { "X-Automatic-Update": "1" }, // which does not keep an idle session alive
    redirect: "error", // the session has ended
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (!response.ok) {
    return;
  }
  const text = await response.text();
  const fetched = new DOMParser().parseFromString(text, "text/html").getElementById("overview");
  const region = document.getElementById("overview");
  if (!fetched) {
    return;
  }
  const place = focusedPlace(region);
  const open = [...region.querySelectorAll("details")].map((details) => details.open);
  region.replaceChildren(...fetched.childNodes);
  region.querySelectorAll("details").forEach((details, index) => {
    details.open = Boolean(open[index]);
  });
  if (place) {
    restoreFocus(region, place);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("overview-pause");
  let isPaused = false;
  button.hidden = false;
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.setAttribute("aria-pressed", String(isPaused));
  });
  setInterval(() => {
    if (!isPaused && !document.hidden) {
      update().catch(() => {}); // the next one may work
    }
  }, Number(document.documentElement.dataset.updateInterval) || UPDATE_INTERVAL_MS);
});
