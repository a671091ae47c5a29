// The plot of the explorer, for every page: draws a forest plot as a picture whose text can be selected, and brings
// figures of class "live-forest" to life. Results are looked up in what metalib computed ahead (metalib/pages/explorer.py);
// no statistic is calculated and no number rounded here. What a figure needs: README.md beside this file.
(() => {
  "use strict";

  const WIDE = 620;
  const folder = new URL(".", document.currentScript.src).href;
  const store = (window.metalibExplorer ??= {});

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // ---- Looking up -------------------------------------------------------------------------------------------------

  const loading = {};

  /** The results of an outcome; the file is a script, so that a page opened from a folder may load it too. */
  function load(outcome, file = `${outcome}.js`) {
    return (loading[outcome] ??= new Promise((resolve, reject) => {
      if (store[outcome]) { resolve(store[outcome]); return; }
      const script = element("script", { src: folder + file });
      const failed = () => { delete loading[outcome]; reject(new Error(script.src)); };
      script.onload = () => (store[outcome] ? resolve(store[outcome]) : failed());
      script.onerror = failed;
      document.head.append(script);
    }));
  }

  const words = (outcome, value) => (typeof value === "number" ? outcome.reasons[value] : value);
  const key = (state) => `${state.model}/${state.tau2}/${state.ci}`;

  /** Which values of a choice exist, given the choices before it: read from the keys of the data, never from rules. */
  function available(measure, model, tau2) {
    const parts = Object.keys(measure.intervals).map((name) => name.split("/"));
    return {
      model: [...new Set(parts.map((p) => p[0]))],
      tau2: [...new Set(parts.filter((p) => p[0] === model).map((p) => p[1]))],
      ci: parts.filter((p) => p[0] === model && p[1] === tau2).map((p) => p[2]),
    };
  }

  /** The stored result of a state, its fields named; `pooled` is null if no study takes part. */
  function lookUp(outcome, state) {
    const set = outcome.sets.find((s) => s.key === state.data);
    const measure = set.measures[state.measure];
    const [method] = state.model.split("-");
    const studies = set.studies.map((study, i) => {
      const [estimate, low, high, effect, remark] = (measure.effects[method] || measure.effects.other)[i];
      const on = state.on.has(study.key);
      return { ...study, on, estimate, low, high, effect: words(outcome, effect), remark: words(outcome, remark) };
    });
    const found = { set, measure, studies, subset: 0, pooled: null, own: set.printed[0] };
    set.studies.forEach((study, i) => { if (state.on.has(study.key)) found.subset |= 1 << i; });
    found.printed = set.printed.find((p) => p.measure === state.measure && key(p) === key(state) && p.subset === found.subset);
    if (!found.subset) return found;
    const at = found.subset - 1;
    let intervals = measure.intervals[key(state)];
    if (typeof intervals === "string") {
      intervals = measure.intervals[`${state.model}/${state.tau2}/${intervals[at] === "h" ? "hksj" : "wald"}`];
    }
    const [low, high, p, effect, test, predictionLow, predictionHigh, prediction] = intervals[at];
    const [estimate, tau2, tau2Text, weights, weightTexts] = measure.points[`${state.model}/${state.tau2}`][at];
    const [k, Q, df, pQ, I2, qText] = measure.Q[method][at];
    studies.forEach((study, i) => { study.weight = weights[i]; study.weightText = weightTexts[i]; });
    found.pooled = {
      estimate, low, high, p, k, tau2, Q, df, pQ, I2, predictionLow, predictionHigh,
      effect: words(outcome, effect), test: words(outcome, test), prediction: words(outcome, prediction),
      heterogeneity: pQ === null ? words(outcome, qText) : [tau2Text, qText].filter(Boolean).join("; "),
      totals: set.totals[at],
    };
    return found;
  }

  /** The result in words: which side, and whether the interval leaves out no effect. */
  function verdict(outcome, measure, pooled) {
    if (!pooled || pooled.estimate === null || pooled.low === null) return "No verdict: the result is not estimable with these choices.";
    const none = measure === "RD" ? 0 : 1;
    if (pooled.low <= none && pooled.high >= none) return "No clear difference: the 95% interval includes no effect.";
    return `${outcome.favours[pooled.estimate < none ? 0 : 1]}: the 95% interval leaves out no effect.`;
  }

  // ---- Axis -------------------------------------------------------------------------------------------------------

  const RATIO_TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  // An interval that needs more room than this is cut off and gets an arrow head.
  const LONGEST = { log: Math.log(60), plain: 1 };

  /** An axis that fits these results: all estimates, the ends of their intervals within reason, and no effect. */
  function fitAxis(results, log) {
    const scale = log ? Math.log : (v) => v;
    const none = log ? 1 : 0;
    const reach = log ? LONGEST.log : LONGEST.plain;
    const points = results.filter((r) => r.estimate !== null && (!log || r.estimate > 0)).map((r) => scale(r.estimate));
    const ends = results.flatMap((r) => [r.low, r.high]).filter((v) => v !== null && (!log || v > 0)).map(scale)
      .map((v) => Math.min(reach, Math.max(-reach, v)));
    let [low, high] = [Math.min(scale(none), ...points, ...ends), Math.max(scale(none), ...points, ...ends)];
    const room = 0.05 * (high - low) || (log ? 0.5 : 0.1);
    [low, high] = [low - room, high + room];
    let ticks;
    if (log) {
      ticks = RATIO_TICKS.filter((t) => Math.log(t) >= low && Math.log(t) <= high);
      if (ticks.length > 7) ticks = ticks.filter((t) => /^[01.]+$/.test(String(t)));
      if (ticks.length < 3) ticks = [0.25, 0.5, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 4].filter((t) => Math.log(t) >= low && Math.log(t) <= high);
    } else {
      const step = [0.02, 0.05, 0.1, 0.2, 0.5, 1].find((s) => (high - low) / s <= 7) ?? 1;
      ticks = [];
      for (let i = Math.ceil(low / step); i * step <= high; i += 1) ticks.push(Number((i * step).toFixed(2)));
    }
    return { log, none, low, high, scale, ticks: ticks.map((t) => [t, String(t).replace("-", "−")]) };
  }

  // ---- Drawing ----------------------------------------------------------------------------------------------------

  // In the picture itself, so that a downloaded one looks the same; the page gives the colours of its theme.
  const STYLE = `
.forest-plot text { fill: var(--text, #1f2328); font: 13px "DejaVu Sans", Verdana, sans-serif; paint-order: stroke; stroke: var(--ground, #fff); stroke-width: 3px; stroke-linejoin: round; }
.forest-plot .number { font-variant-numeric: tabular-nums; }
.forest-plot :is(.head, .bold) { font-weight: 600; }
.forest-plot :is(.side, .second) { font-size: 12px; fill: var(--soft, #57606a); }
.forest-plot text.off { fill: var(--soft, #57606a); }
.forest-plot .rule { stroke: var(--line, #c9c9c9); }
.forest-plot :is(.axis, .no-effect) { stroke: var(--text, #1f2328); }
.forest-plot .interval { stroke: var(--text, #1f2328); stroke-width: 1.4; }
.forest-plot :is(.square, .arrow) { fill: var(--text, #1f2328); stroke: none; }
.forest-plot .interval.off { stroke: var(--soft, #57606a); stroke-dasharray: 3 3; }
.forest-plot .arrow.off { fill: var(--soft, #57606a); }
.forest-plot .square.off { fill: var(--ground, #fff); stroke: var(--soft, #57606a); }
.forest-plot .diamond { fill: var(--accent, #0072b2); }
.forest-plot .diamond.other { fill: var(--soft, #57606a); }
.forest-plot .diamond.printed { fill: none; stroke: var(--printed, #b34700); stroke-width: 1.8; }
.forest-plot .prediction { stroke: var(--accent, #0072b2); stroke-width: 4; }
.forest-plot .prediction.arrow { fill: var(--accent, #0072b2); stroke: none; }
.forest-plot .hit { fill: transparent; }
.forest-plot .study { cursor: pointer; }
.forest-plot .hit { outline: none; }
.forest-plot :is(.study:hover .hit, .hit:focus-visible) { fill: var(--hover, #0072b222); }
.forest-plot .hit:focus-visible { stroke: var(--accent, #0072b2); stroke-width: 2; }
`;

  /**
   * Draw a forest plot `width` pixels wide.
   *
   * view: name (of the effect), log, arms, favours, label (for screen readers),
   *   studies[]: key, label, events (texts of both arms), weight, weightText, on, estimate, low, high, effect (text)
   *   rows[]: kind ("pooled", "other", "printed" or "prediction"), label, effect, estimate, low, high, totals
   * on: optional; point(study or null) and toggle(study) make the rows of studies buttons.
   */
  function draw(view, width, on = null) {
    const wide = width >= WIDE;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const axis = fitAxis([...view.studies, ...view.rows.filter((r) => r.kind !== "prediction")], view.log);
    const longest = Math.max(...[...view.studies, ...view.rows].map((r) => r.effect.length));
    const names = Math.max(10, ...[...view.studies, ...view.rows].map((r) => r.label.length));
    const right = wide ? Math.max(140, 7.6 * longest) : 0;
    const first = wide ? Math.min(230, 7.3 * names) : 0;
    // A column is as wide as the longest word above it, or the longest pair of counts in it.
    const room = (i) => 14 + 8 * Math.max(7, ...view.arms[i].split(" ").map((w) => w.length), ...view.studies.map((s) => s.events[i].length));
    const columns = { t: first + room(0) };
    columns.c = columns.t + room(1);
    columns.weight = columns.c + 68;
    const plot = wide ? [columns.weight + 18, width - right - 12] : [8, width - 8];
    const x = (v) => plot[0] + ((axis.scale(v) - axis.low) / (axis.high - axis.low)) * (plot[1] - plot[0]);
    const place = (v) => (v <= 0 && axis.log ? -Infinity : x(v));
    const inside = (v) => Math.min(plot[1], Math.max(plot[0], place(v)));
    let target = svg;
    const shape = (tag, attributes, text) => {
      const made = document.createElementNS(svg.namespaceURI, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text !== undefined) made.textContent = text;
      target.append(made);
      return made;
    };
    const write = (px, py, text, classes = "", anchor = "start") =>
      shape("text", { x: px, y: py, class: classes, "text-anchor": anchor }, text);
    const rowHeight = wide ? 27 : 46;
    const top = wide ? 52 : 30;
    const mark = wide ? -4 : 17;
    const arrows = ({ low, high }, y, classes) => {
      if (low !== null && place(low) < plot[0] - 0.5) shape("path", { d: `M${plot[0]} ${y} l8 -4.5 v9 z`, class: `${classes} arrow` });
      if (high !== null && place(high) > plot[1] + 0.5) shape("path", { d: `M${plot[1]} ${y} l-8 -4.5 v9 z`, class: `${classes} arrow` });
    };
    const interval = (r, y, classes) => {
      shape("line", { x1: inside(r.low), x2: inside(r.high), y1: y, y2: y, class: classes });
      arrows(r, y, classes);
    };
    const diamond = (r, y, classes) => {
      const [a, m, b] = [r.low ?? r.estimate, r.estimate, r.high ?? r.estimate].map(inside);
      shape("path", { d: `M${a} ${y} L${m} ${y - 7} L${b} ${y} L${m} ${y + 7} Z`, class: classes });
      arrows(r, y, "");
    };
    const line = (y, label, cells, effect, classes) => {
      write(0, y, label, classes);
      if (wide) {
        for (const [name, text] of Object.entries(cells)) if (text) write(columns[name], y, text, `${classes} number`, "end");
      } else if (cells.t && 7.8 * (label.length + effect.length) + 7 * (cells.t.length + cells.c.length + 3) + 24 < width) {
        write(Math.max(92, 7.8 * label.length + 12), y, `${cells.t} : ${cells.c}`, `${classes} number second`);
      }
      write(width, y, effect, `${classes} number`, "end");
    };

    shape("style", {}, STYLE);
    if (wide) {
      write(0, 34, "Study", "head");
      for (const [i, column] of ["t", "c"].entries()) {
        view.arms[i].split(" ").forEach((word, at, all) => write(columns[column], 34 - 15 * (all.length - 1 - at), word, "head", "end"));
      }
      write(columns.weight, 34, "Weight", "head", "end");
      write(width, 34, view.name, "head", "end");
    } else {
      write(0, 12, "Study, events", "head");
      write(width, 12, view.name, "head", "end");
    }
    shape("line", { x1: 0, x2: width, y1: top - 10, y2: top - 10, class: "rule" });
    const bottom = top + (view.studies.length + view.rows.length) * rowHeight + 6;
    shape("line", { x1: x(axis.none), x2: x(axis.none), y1: top - 10, y2: bottom, class: "no-effect" });

    const heaviest = Math.max(1e-9, ...view.studies.map((s) => (s.on && s.weight) || 0));
    let y = top + 12;
    for (const study of view.studies) {
      const classes = study.on ? "" : "off";
      if (on) {
        target = shape("g", { class: "study" });
        target.addEventListener("pointerenter", () => on.point(study));
        target.addEventListener("pointerleave", () => on.point(null));
        // Text that was marked with the mouse is to be copied, not switched off.
        target.addEventListener("click", () => { if (!String(getSelection())) on.toggle(study); });
        const hit = shape("rect", {
          x: -4, y: y - 18, width: width + 8, height: rowHeight, rx: 4, class: "hit", tabindex: "0", role: "button",
          "aria-pressed": String(study.on), "data-study": study.key,
          "aria-label": `${study.label}: ${study.events.join(" against ")}, ${study.effect}${study.on ? "" : ", switched off"}`,
        });
        hit.addEventListener("focus", () => on.point(study));
        hit.addEventListener("blur", () => on.point(null));
        hit.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          on.toggle(study);
        });
      }
      line(y, study.label, { t: study.events[0], c: study.events[1], weight: study.on ? study.weightText : "off" }, study.effect, classes);
      if (study.estimate !== null) {
        const side = study.on ? 17 * Math.sqrt((study.weight || 0) / heaviest) : 8;
        if (study.low !== null) interval(study, y + mark, `interval ${classes}`);
        shape("rect", { x: inside(study.estimate) - side / 2, y: y + mark - side / 2, width: side, height: side, class: `square ${classes}` });
      }
      target = svg;
      y += rowHeight;
    }
    shape("line", { x1: 0, x2: width, y1: y - (wide ? 18 : 16), y2: y - (wide ? 18 : 16), class: "rule" });
    for (const row of view.rows) {
      const [t, c] = row.totals ?? ["", ""];
      line(y, row.label, { t, c }, row.effect, row.kind === "pooled" ? "bold" : "");
      if (row.kind === "prediction") interval(row, y + mark, "prediction");
      else if (row.estimate !== null) diamond(row, y + mark, `diamond ${row.kind}`);
      y += rowHeight;
    }
    shape("line", { x1: plot[0], x2: plot[1], y1: bottom, y2: bottom, class: "axis" });
    // From no effect outwards, as many ticks as have room for their numbers.
    const kept = [];
    for (const tick of [...axis.ticks].sort((p, q) => Math.abs(axis.scale(p[0])) - Math.abs(axis.scale(q[0])))) {
      if (kept.every((other) => Math.abs(x(other[0]) - x(tick[0])) > 4 * (other[1].length + tick[1].length) + 8)) kept.push(tick);
    }
    for (const [value, text] of kept) {
      shape("line", { x1: x(value), x2: x(value), y1: bottom, y2: bottom + 5, class: "axis" });
      write(x(value), bottom + 18, text, "number", "middle");
    }
    // The two sides, each within the picture; on two lines where they do not fit beside each other.
    const sides = [`◂ ${view.favours[0]}`, `${view.favours[1]} ▸`];
    const [lefts, rights] = sides.map((s) => 7.1 * s.length);
    const split = Math.min(width - 8, Math.max(lefts + 8, Math.min(x(axis.none), width - rights - 8)));
    const stacked = lefts + rights + 16 > width;
    write(stacked ? 0 : split - 8, bottom + 37, sides[0], "side", stacked ? "start" : "end");
    write(stacked ? width : split + 8, bottom + (stacked ? 54 : 37), sides[1], "side", stacked ? "end" : "start");
    const height = bottom + (stacked ? 62 : 46);
    for (const [name, value] of Object.entries({
      viewBox: `0 0 ${width} ${height}`, class: "forest-plot", role: on ? "group" : "img", "aria-label": view.label,
    })) svg.setAttribute(name, value);
    return svg;
  }

  /** What the picture of a looked-up state shows: its studies, the pooled result, and the print, always. */
  function viewOf(outcome, state, found, rows, name, label) {
    const drawn = { estimate: null, low: null, high: null };
    const all = [...rows];
    if (found.own) {
      const shown = found.printed ?? found.own;
      const same = shown.measure === state.measure;
      const ends = same ? { estimate: shown.ends[0], low: shown.ends[1], high: shown.ends[2] } : drawn;
      all.push({ kind: "printed", label: same ? "As printed" : `As printed (${shown.measure})`, effect: shown.effect, ...ends });
    }
    return { name, label, log: state.measure !== "RD", arms: outcome.arms, favours: outcome.favours, studies: found.studies, rows: all };
  }

  const pooledRow = (label, kind, pooled) => ({
    label, kind, effect: pooled ? pooled.effect : "no study", totals: kind === "pooled" && pooled ? pooled.totals : undefined,
    estimate: pooled ? pooled.estimate : null, low: pooled ? pooled.low : null, high: pooled ? pooled.high : null,
  });
  const predictionRow = (pooled) => (pooled && pooled.predictionLow !== null
    ? [{ kind: "prediction", label: "Prediction interval", effect: pooled.prediction, estimate: null, low: pooled.predictionLow, high: pooled.predictionHigh }]
    : []);

  // ---- Figures in the text ----------------------------------------------------------------------------------------

  const NAMES = { OR: "Odds ratio", RR: "Risk ratio", RD: "Risk difference" };
  const POINT = "Point at a study for its numbers; click it to leave it out.";

  /** Put the living plot before what stands in a figure, which stays for paper and for readers without scripts. */
  function enliven(figure, outcome) {
    const asked = figure.dataset;
    const set = outcome.sets.find((s) => s.key === asked.data) ?? outcome.sets[0];
    const printed = set.printed[0];
    const measure = asked.measure ?? printed?.measure ?? "OR";
    const without = (asked.without ?? "").split(/[\s,]+/).filter(Boolean);
    const started = set.studies.filter((s) => s.on && !without.includes(s.key)).map((s) => s.key);
    const on = new Set(started);
    const models = [["Fixed, M-H", "MH-fixed", "", "wald"], ["Random, M-H", "MH-random", "DL", "wald"], ["Random, Hartung-Knapp", "MH-random", "DL", "hksj"]];
    const main = printed && models.findIndex((m) => m[1] === printed.model && m[3] === printed.ci);
    const results = (chosen) => models.map(([, model, tau2, ci]) => lookUp(outcome, { outcome: outcome.key, data: set.key, measure, model, tau2, ci, on: chosen }));
    const note = element("p", { class: "live-note", "aria-live": "polite" }, POINT);
    const reset = element("button", { type: "button", hidden: "" }, "All studies of the article again");
    const link = element("a", {}, "Change everything in the explorer");
    const place = element("div", { class: "live-picture" });
    const box = element("div", { class: "live-plot" }, place, note, element("p", { class: "live-links no-print" }, link, " ", reset));

    const tell = (study) => {
      if (!study) { note.textContent = POINT; return; }
      const other = new Set(on);
      if (!other.delete(study.key)) other.add(study.key);
      const changed = results(other).map((found, i) => `${models[i][0]} ${found.pooled ? found.pooled.effect : "no study"}`).join("; ");
      const weight = study.on && study.weightText ? `weight ${study.weightText}` : "switched off";
      note.replaceChildren(element("strong", {}, study.label), `: ${study.events.join(" against ")}, ${study.effect}, ${weight}. ${study.on ? "Without" : "With"} it: ${changed}.`);
    };
    const toggle = (study) => {
      if (!on.delete(study.key)) on.add(study.key);
      render();
      const row = place.querySelector(`[data-study="${CSS.escape(study.key)}"]`);
      row?.focus();
    };
    let width = 0;
    function render() {
      const found = results(on);
      const rows = models.map(([label], i) => pooledRow(label, i === (main ?? 0) ? "pooled" : "other", found[i].pooled));
      const state = { measure };
      const view = viewOf(outcome, state, { ...found[main ?? 0], printed: null }, [...rows, ...predictionRow(found[1].pooled)],
        `${NAMES[measure]} [95% CI]`, `Forest plot of ${outcome.label.toLowerCase()}. ${rows.map((r) => `${r.label}: ${r.effect}`).join("; ")}.`);
      place.replaceChildren(draw(view, width, { point: tell, toggle }));
      reset.hidden = started.length === on.size && started.every((s) => on.has(s));
      const [, model, tau2, ci] = models[main ?? 0];
      const wishes = { outcome: outcome.key, ...(outcome.sets.length > 1 ? { data: set.key } : {}), measure, model, ...(tau2 ? { tau2, ci } : {}), studies: [...on].join(",") };
      link.href = `${asked.explorer ?? "explorer.html"}#${new URLSearchParams(wishes)}`.replaceAll("%2C", ",");
    }
    reset.addEventListener("click", () => { on.clear(); started.forEach((s) => on.add(s)); render(); });
    figure.prepend(box);
    figure.classList.add("is-live");
    new ResizeObserver(([entry]) => {
      const now = Math.round(entry.contentRect.width);
      if (!now || now === width) return;
      width = now;
      render();
    }).observe(place);
  }

  function findFigures() {
    const figures = document.querySelectorAll("figure.live-forest[data-outcome]");
    // The results are loaded when the reader comes near: they weigh more than the page.
    const near = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        const outcome = target.dataset.outcome.toLowerCase();
        // Without the results the picture that is there stays.
        load(outcome, target.dataset.file).then((loaded) => enliven(target, loaded), () => target.classList.add("stays-still"));
      }
    }, { rootMargin: "800px" });
    figures.forEach((figure) => near.observe(figure));
  }

  /** Offer a text or a picture as a file. */
  function save(name, type, text) {
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /** A picture as a file of its own: without what makes it a control. */
  function asFile(svg) {
    const copy = svg.cloneNode(true);
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    copy.setAttribute("xmlns", svg.namespaceURI);
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.setAttribute("role", "img");
    for (const part of copy.querySelectorAll(".hit")) part.remove();
    const ground = document.createElementNS(svg.namespaceURI, "rect");
    for (const [name, value] of Object.entries({ width, height, fill: "#fff" })) ground.setAttribute(name, value);
    copy.prepend(ground);
    return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(copy)}\n`;
  }

  window.metalibPlot = { element, load, words, key, available, lookUp, verdict, draw, viewOf, pooledRow, predictionRow, save, asFile };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", findFigures);
  else findFigures();
})();
