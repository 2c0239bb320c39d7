/** A picture of amounts by name: one bar each, debts to the left of a shared zero. */

import { h, svg } from "./dom.js";
import { money } from "./format.js";

export function bars(rows) {
  const amounts = rows.map(([, amount]) => amount);
  const low = Math.min(0, ...amounts);
  const high = Math.max(0, ...amounts);
  const x = (amount) => ((amount - low) / (high - low || 1)) * 100;
  return h("ul", { class: "bars" }, rows.map(([name, amount]) => h("li", {},
    h("span", {}, name),
    h("span", { class: "number" }, money(amount)),
    svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "track", width: 100, height: 6 }),
      svg("rect", {
        class: amount < 0 ? "bar debt" : "bar",
        x: Math.min(x(0), x(amount)),
        width: Math.abs(x(amount) - x(0)),
        height: 6,
      })))));
}
