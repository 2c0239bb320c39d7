/* Makes the admin's controls usable by keyboard and readable by screen readers.
 *
 * Unfold draws some buttons as <a>, <div> or <span> with a click handler of Alpine.js, which the Tab
 * key skips, and its icons as words of a font, which screen readers read aloud.
 */
"use strict";

const NATIVE = "a[href], button, input, select, textarea, summary, label, form";
const ICONS = ".material-symbols-outlined";
const ICON_NAMES = {
  close: "Close",
  dock_to_right: "Show or hide the menu",
  hub: "Overview",
  more_horiz: "More",
  visibility: "Show the password",
  visibility_off: "Hide the password",
};
const MENU_NAMES = { "nav-sidebar-inner": "Screens", "tabs-items": "Tabs" };

function isButton(element) {
  return (
    element.hasAttribute("x-on:click") &&
    !element.matches(NATIVE) &&
    !element.querySelector(NATIVE)
  );
}

function makeButton(element) {
  element.setAttribute("role", "button");
  element.tabIndex = 0;
  element.addEventListener("keydown", (event) => {
    if (event.target === element && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      element.click();
    }
  });
}

function iconOf(element) {
  return element.matches(ICONS) ? element : element.querySelector(ICONS);
}

function hasText(element) {
  const copy = element.cloneNode(true);
  copy.querySelectorAll(ICONS).forEach((icon) => icon.remove());
  return !element.matches(ICONS) && copy.textContent.trim() !== "";
}

function nameControl(element) {
  const icon = iconOf(element);
  if (!icon || hasText(element) || element.hasAttribute("aria-label")) {
    return;
  }
  const word = icon.textContent.trim();
  element.setAttribute("aria-label", element.title || ICON_NAMES[word] || word.replaceAll("_", " "));
}

function hideIcon(icon) {
  if (!icon.matches("[role=button], button, a")) {
    icon.setAttribute("aria-hidden", "true");
  }
}

function nameMenus(root) {
  root.querySelectorAll("nav:not([aria-label])").forEach((menu, index) => {
    menu.setAttribute("aria-label", MENU_NAMES[menu.id] || `Options ${index + 1}`);
  });
}

function nameScrolledParts(root) {
  root.querySelectorAll("[data-simplebar]").forEach((part, index) => {
    const name = part.closest("nav") ? "Scrolled menu" : `Scrolled part ${index + 1}`;
    part.setAttribute("data-simplebar-aria-label", name);
  });
}

function improve(root) {
  nameMenus(root);
  nameScrolledParts(root);
  root.querySelectorAll("[x-on\\:click]").forEach((element) => {
    if (isButton(element)) {
      makeButton(element);
    }
  });
  root.querySelectorAll("a, button, [role=button]").forEach(nameControl);
  root.querySelectorAll(ICONS).forEach(hideIcon);
}

// Django's list of choices explains its search field by a <span>, which may not have a label.
function nameTooltips() {
  document.querySelectorAll("span.help-tooltip[aria-label]").forEach((tooltip) => {
    tooltip.setAttribute("role", "img");
  });
}

// Without a chosen result, Enter in the command palette opens the page of all results.
function openResults(event) {
  const field = event.target;
  if (event.key !== "Enter" || field.id !== "search-input-command") {
    return;
  }
  if (document.querySelector("#command-results-list li.active")) {
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (field.value.trim() !== "") {
    const path = field.getAttribute("hx-get").split("?")[0];
    window.location.assign(`${path}?s=${encodeURIComponent(field.value)}`);
  }
}

document.addEventListener("keydown", openResults, true); // before Unfold's own handler
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("search-input-command");
  field?.setAttribute("aria-label", "Search customers and screens");
  improve(document.body);
  document.body.addEventListener("htmx:afterSwap", (event) => improve(event.detail.target));
});
window.addEventListener("load", () => setTimeout(nameTooltips)); // after the lists are drawn
