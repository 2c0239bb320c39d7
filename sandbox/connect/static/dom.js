/** Elements without innerHTML, and the one place where steps appear. */

/** h("p", {class: "x"}, "text", child); null children are left out. */
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

/** Shows a step and moves the focus into it, so that screen readers announce it. */
export function show(title, ...children) {
  const heading = h("h1", { tabindex: "-1" }, title);
  widget.replaceChildren(heading, ...children.flat().filter((child) => child != null));
  document.title = `${title} (MX sandbox)`;
  const field = widget.querySelector("input:not([type=radio]), select");
  (field ?? heading).focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

export function button(text, onclick, kind = "primary") {
  return h("button", { type: "button", class: kind, onclick }, text);
}

export function submit(text) {
  return h("button", { type: "submit", class: "primary" }, text);
}

export function problem(text) {
  return text ? h("p", { class: "problem", role: "alert" }, text) : null;
}

export function spinner(text) {
  return h("div", { class: "wait", role: "status" }, h("span", { class: "spinner" }), h("span", {}, text));
}

export function logo(code, size = 40) {
  return h("img", { src: `/md/connect/logos/${code}.svg`, alt: "", width: size, height: size });
}

/** A choice between named values; `name` is the field that carries it. */
export function choice(name, legend, options) {
  const rows = options.map(({ label, value, picture }, index) =>
    h("label", { class: picture ? "choice picture" : "choice" },
      h("input", { type: "radio", name, value, required: true, checked: index === 0 }),
      picture ? h("img", { src: picture, alt: "", width: 72, height: 72 }) : null,
      h("span", {}, label)));
  return h("fieldset", {}, h("legend", {}, legend), ...rows);
}

export function field(id, label, attributes = {}) {
  return [h("label", { for: id }, label), h("input", { id, name: id, required: true, autocomplete: "off", ...attributes })];
}
