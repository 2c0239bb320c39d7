/** Builds elements; text is always text, so no answer can inject markup. */

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

export const h = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export const byId = (id) => document.getElementById(id);

export const show = (id, visible = true) => {
  byId(id).hidden = !visible;
};

export const put = (id, ...children) => byId(id).replaceChildren(...children);

/** A table whose cells carry their heading, for narrow screens; `compact` ones do without. */
export function table(caption, columns, rows, style) {
  const head = columns.map(({ title, number }) =>
    h("th", { scope: "col", class: number && "number" }, title));
  const body = rows.map((row) => h("tr", {}, columns.map(({ title, number, cell }, index) =>
    h(index === 0 ? "th" : "td", {
      scope: index === 0 && "row",
      class: number && "number",
      "data-title": title,
    }, cell(row)))));
  return h("table", { class: style },
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, head)),
    h("tbody", {}, body));
}

export const skeleton = (lines) =>
  h("div", { class: "skeleton", "aria-hidden": "true" },
    Array.from({ length: lines }, () => h("span")));

export const empty = (words) => h("p", { class: "empty" }, words);
