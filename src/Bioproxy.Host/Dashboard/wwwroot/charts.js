// Charts as SVG. Bars over time and shares of a whole are all that the page needs, so no library is brought in for them.

import { h } from "./dom.js";

const height = 170;
const left = 58;
const bottom = 22;
const width = 760;

/** Stacked columns. Series: { name, kind, value(column) }. */
export function columns(label, data, series, { format, title, axis }) {
  const top = Math.max(1e-9, ...data.map(one => series.reduce((sum, s) => sum + s.value(one), 0)));
  const scale = nice(top);
  const plot = height - bottom - 8;
  const step = (width - left) / Math.max(1, data.length);
  const gap = Math.min(6, step * 0.25);
  const every = Math.ceil(data.length / 12);
  return h("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    [0, 0.5, 1].map(share => h("g", { key: `y${share}` },
      h("line", { class: "grid", x1: left, x2: width, y1: y(share), y2: y(share) }),
      h("text", { class: "axis", x: left - 6, y: y(share) + 4, "text-anchor": "end" }, format(scale * share)))),
    data.map((one, index) => {
      let base = 0;
      const x = left + index * step + gap / 2;
      return h("g", { key: `c${index}`, class: "column" },
        h("title", {}, title(one)),
        h("rect", { class: "hit", x: left + index * step, y: 8, width: step, height: plot }),
        series.map(s => {
          const size = s.value(one) / scale * plot;
          base += size;
          return size > 0 && h("rect", {
            class: `fill-${s.kind}`, x: x.toFixed(1), y: (8 + plot - base).toFixed(1), width: Math.max(1, step - gap).toFixed(1),
            height: size.toFixed(1), rx: size > 3 ? 1.5 : 0,
          });
        }),
        index % every === 0 && h("text", { class: "axis", x: (x + (step - gap) / 2).toFixed(1), y: height - 6, "text-anchor": "middle" },
          axis(one)));
    }));

  function y(share) {
    return 8 + plot * (1 - share);
  }
}

/** The next number that people like to read. */
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 2.5, 4, 5, 8, 10].find(step => step * power >= value * 0.9999);
}

/** One bar, divided. Parts: { name, kind, value }. */
export function shares(label, parts) {
  const all = parts.reduce((sum, part) => sum + part.value, 0);
  return h("div", { class: "shares", role: "img", "aria-label": label }, parts.filter(part => part.value > 0).map(part =>
    h("div", { key: part.name, class: `share bg-${part.kind}`, style: { width: `${100 * part.value / all}%` }, title: part.name })));
}

export const legend = parts => h("ul", { class: "legend" }, parts.map(part =>
  h("li", { key: part.name }, h("span", { class: `swatch bg-${part.kind}` }), part.name, part.note && h("span", { class: "dim" }, part.note))));
