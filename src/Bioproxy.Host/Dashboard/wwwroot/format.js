// Numbers, times and sizes for people.

const whole = new Intl.NumberFormat("en");

export const number = value => value === null || value === undefined ? "–" : whole.format(Math.round(value));

export function short(value) {
  if (value === null || value === undefined)
    return "–";
  if (value < 10000)
    return number(value);
  return value < 999500 ? `${(value / 1000).toPrecision(3)} k` : `${(value / 1e6).toPrecision(3)} M`;
}

export function seconds(value) {
  if (value === null || value === undefined)
    return "–";
  if (value === 0)
    return "0 s";
  if (value < 0.0995)
    return `${Math.round(value * 1000)} ms`;
  if (value < 9.95)
    return `${value.toFixed(2)} s`;
  return value < 99.5 ? `${value.toFixed(1)} s` : span(value);
}

/** A longer time, in its two largest units. */
export function span(value) {
  const s = Math.max(0, Math.round(value));
  if (s < 60)
    return `${s} s`;
  if (s < 3600)
    return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86400)
    return `${Math.floor(s / 3600)} h ${String(Math.floor(s % 3600 / 60)).padStart(2, "0")} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s % 86400 / 3600)} h`;
}

/** A time beside the axis of a chart. */
export function axisSeconds(value) {
  if (value < 100)
    return `${Number(value.toPrecision(2))} s`;
  return value < 6000 ? `${Number((value / 60).toPrecision(2))} min` : `${Number((value / 3600).toPrecision(2))} h`;
}

export function bytes(value) {
  if (value === null || value === undefined)
    return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toPrecision(2)} ${units[unit]}`;
}

export const percent = (part, all) => all > 0 ? `${(100 * part / all).toFixed(part === all || part === 0 ? 0 : 1)} %` : "–";

export const clock = at => new Date(at).toLocaleTimeString("en-GB");

export const date = at => new Date(at).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Today's times without the day. */
export const when = at => new Date(at).toDateString() === new Date().toDateString() ? clock(at) : date(at);

export function ago(at, now) {
  const s = (now - new Date(at)) / 1000;
  return s < 5 ? "just now" : `${span(s)} ago`;
}

export const words = name => (name ?? "").replaceAll("_", " ");
