/** Elements without innerHTML: h("p", {class: "x"}, "text", child). */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

const widget = document.getElementById("widget");

/** Shows a step and moves focus to its heading, so that screen readers announce it. */
export function show(title, ...children) {
  const heading = h("h1", { tabindex: "-1" }, title);
  widget.replaceChildren(heading, ...children.flat().filter((child) => child != null));
  const first = widget.querySelector("input, select");
  (first ?? heading).focus();
}

export function button(text, onclick, kind = "primary") {
  return h("button", { type: kind === "submit" ? "submit" : "button", class: kind, onclick }, text);
}

export function problem(text) {
  return text ? h("p", { class: "problem", role: "alert" }, text) : null;
}
