/** Numbers and dates as people read them. */

const formats = new Map();

export function money(amount, currency = "USD") {
  if (amount == null) return "–";
  const code = currency || "USD";
  if (!formats.has(code)) {
    formats.set(code, new Intl.NumberFormat("en-US", { style: "currency", currency: code }));
  }
  return formats.get(code).format(amount).replace("-", "\u2212");
}

export const shares = (number) =>
  new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 }).format(number);

const day = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" });
const dayAndYear = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeZone: "UTC" });

/** Nucleus writes "2026-11-20T00:00:00.000+0000"; the day is what matters. */
export function date(text) {
  const instant = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const sameYear = instant.getUTCFullYear() === new Date().getUTCFullYear();
  return (sameYear ? day : dayAndYear).format(instant);
}

/** Sums in whole cents, because binary fractions drift. */
export const sum = (amounts) =>
  amounts.reduce((cents, amount) => cents + Math.round((amount ?? 0) * 100), 0) / 100;
