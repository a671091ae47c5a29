// Counts that a reader brings: typed or pasted, pooled in the page by pool.js, drawn by plot.js. Nothing is sent anywhere.
(() => {
  "use strict";

  const { element, draw, verdict, save, asFile } = window.metalibPlot;
  const { pool, normalQuantile } = window.metalibPool;
  const NAMES = { OR: "Odds ratio", RR: "Risk ratio", RD: "Risk difference" };
  const MODELS = { "MH-fixed": "Mantel-Haenszel, fixed", "IV-fixed": "Inverse variance, fixed", "Peto-fixed": "Peto, fixed (odds ratio)", "MH-random": "Mantel-Haenszel, random (DerSimonian-Laird)", "IV-random": "Inverse variance, random (DerSimonian-Laird)" };
  const INTERVALS = { wald: "Wald", hksj: "Hartung-Knapp (random)" };
  const SHAPE = /^(?:(.*?)[\s,;:]+)?(\d+)\s*[\s,;/]\s*(\d+)[\s,;:]+(\d+)\s*[\s,;/]\s*(\d+)[\s,;]*$/;
  const MOST = 200;

  const number = (value, digits = 2) => {
    if (value === null || Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    const shown = value.toFixed(digits);
    return Number(shown) === 0 ? shown.replace("-", "") : shown.replace("-", "−");
  };
  const pText = (p) => (p < 0.00001 ? "< 0.00001" : `= ${p < 0.0005 ? p.toFixed(p < 0.000095 ? 5 : 4) : p.toFixed(3)}`);
  const range = (low, high) => `[${number(low)}, ${number(high)}]`;

  /** The tables in a text, one a line: name, events and patients of one arm, events and patients of the other. */
  function read(text) {
    const tables = [];
    const faults = [];
    text.split("\n").forEach((line, i) => {
      if (!line.trim() || (!tables.length && !/\d+\D+\d+\D+\d+\D+\d/.test(line) && !/^\s*\S+\s+\d/.test(line))) return;
      const found = SHAPE.exec(line.trim());
      if (!found) { faults.push(`line ${i + 1}: a name and four whole numbers are expected, not “${line.trim().slice(0, 60)}”`); return; }
      const [events_t, n_t, events_c, n_c] = found.slice(2).map(Number);
      const label = (found[1] ?? "").trim().replace(/[,;:]$/, "") || `Study ${tables.length + 1}`;
      if (Math.max(n_t, n_c) > 1e9) faults.push(`line ${i + 1}: more than 1,000,000,000 patients`);
      else if (n_t < 1 || n_c < 1) faults.push(`line ${i + 1}: an arm without patients`);
      else if (events_t > n_t || events_c > n_c) faults.push(`line ${i + 1}: more events than patients`);
      else tables.push({ key: `${tables.length}`, label, events_t, n_t, events_c, n_c });
    });
    if (tables.length > MOST) faults.push(`${tables.length} studies: at most ${MOST} are pooled here`);
    return { tables: tables.slice(0, MOST), faults };
  }

  const select = (name, label, choices) => element("label", { class: "field" }, `${label} `,
    element("select", { name }, ...Object.entries(choices).map(([value, text]) => element("option", { value }, text))));

  /** Build the part of the page for own counts after `box`; `shown` gives the counts that the explorer shows. */
  function offer(box, shown) {
    const area = element("textarea", { name: "counts", rows: "7", spellcheck: "false", autocomplete: "off" });
    const button = (text) => element("button", { type: "button" }, text);
    const [take, picture, data] = ["Take the counts shown above", "Download picture (SVG)", "Download data (CSV)"].map(button);
    const form = element("form", { "aria-label": "Your own counts" },
      element("label", { class: "field wide" }, "One study a line: name, events, patients, events, patients (experimental arm first) ", area),
      select("measure", "Measure", NAMES), select("model", "Method and model", MODELS), select("ci", "Interval", INTERVALS),
      element("p", { class: "buttons" }, take, " ", picture, " ", data));
    const [faults, head, plot, details, place] = [element("div", { class: "message", role: "status" }), element("p", { class: "headline", "aria-live": "polite" }),
      element("div", { class: "plot" }), element("p", { class: "details" }), element("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "The numbers of your studies" })];
    const section = element("section", { class: "own-counts", "aria-labelledby": "own-counts" },
      element("h2", { id: "own-counts" }, "Your own counts"),
      element("p", {}, "Type or paste the counts of any meta-analysis; they stay in this page. Unlike the explorer above, this part calculates: by a second, short implementation of RevMan’s rules in JavaScript (pool.js). The tests of this book hold it against metalib, at nine digits, on every golden data set and on thousands of random ones."),
      form, faults, head, plot, details, place);
    box.after(section);
    const fields = form.elements;
    let drawn = null;
    let csv = "";

    function update() {
      const random = fields.model.value.endsWith("random");
      for (const option of fields.model.options) option.disabled = option.value.startsWith("Peto") && fields.measure.value !== "OR";
      if (fields.model.selectedOptions[0].disabled) fields.model.value = "MH-fixed";
      fields.ci.options[1].disabled = !random;
      if (!random) fields.ci.value = "wald";
      const { tables, faults: found } = read(area.value);
      faults.replaceChildren(...found.map((fault) => element("p", {}, fault)));
      area.setAttribute("aria-invalid", String(found.length > 0));
      if (!tables.length) { head.textContent = found.length ? "" : "No study yet."; plot.replaceChildren(); details.textContent = ""; place.replaceChildren(); drawn = null; return; }
      const measure = fields.measure.value;
      const [method, model] = fields.model.value.split("-");
      const options = { measure, method, model, ci: fields.ci.value };
      const natural = (value) => (value === null || measure === "RD" ? value : Math.exp(value));
      const text = (estimate, low, high) => (estimate === null ? "not estimable" : `${number(natural(estimate))} ${low === null ? "[not estimable]" : range(natural(low), natural(high))}`);
      const result = pool(tables, options);
      const z = normalQuantile(0.95);
      const studies = tables.map((table, i) => {
        const s = result.studies[i];
        const [low, high] = s.estimable ? [s.yi - z * Math.sqrt(s.vi), s.yi + z * Math.sqrt(s.vi)] : [null, null];
        return {
          ...table, on: true, events: [`${table.events_t}/${table.n_t}`, `${table.events_c}/${table.n_c}`], weight: result.weights[i],
          weightText: result.weights[i] === null ? "" : `${result.weights[i].toFixed(1)}%`,
          estimate: s.estimable ? natural(s.yi) : null, low: natural(low), high: natural(high), effect: text(s.estimable ? s.yi : null, low, high),
          remark: s.reason ?? (s.corrected ? "zero cell: 0.5 added" : ""),
        };
      });
      const total = (e, n) => `${tables.reduce((a, t) => a + t[e], 0)}/${tables.reduce((a, t) => a + t[n], 0)}`;
      const pooled = {
        estimate: natural(result.estimate), low: natural(result.low), high: natural(result.high),
        effect: text(result.estimate, result.low, result.high), totals: [total("events_t", "n_t"), total("events_c", "n_c")],
      };
      const rows = [{ kind: "pooled", label: "Total (95% CI)", ...pooled }];
      if (result.predictionLow !== null) {
        rows.push({ kind: "prediction", label: "Prediction interval", estimate: null, low: natural(result.predictionLow), high: natural(result.predictionHigh), effect: range(natural(result.predictionLow), natural(result.predictionHigh)) });
      }
      const test = result.p === null ? "" : `${result.usesT ? "t" : "Z"} = ${number(Math.abs(result.statistic))}${result.usesT ? `, df = ${result.df}` : ""}, P ${pText(result.p)}`;
      const favours = ["Lower in the experimental arm", "Higher in the experimental arm"];
      head.replaceChildren(element("span", { class: "of" }, `Pooled ${NAMES[measure].toLowerCase()} [95% CI], ${MODELS[fields.model.value]}`), " ",
        element("strong", {}, pooled.effect), " ", element("span", {}, test), element("span", { class: "verdict" }, verdict({ favours }, measure, pooled)));
      details.textContent = result.pQ === null ? `Studies with an effect: ${result.k} of ${tables.length}.`
        : `Studies with an effect: ${result.k} of ${tables.length}. ${result.tau2 === null ? "" : `Tau² = ${number(result.tau2, 3)}; `}Chi² = ${number(result.Q)}, df = ${result.df}, P ${pText(result.pQ)}; I² = ${number(result.I2, 0)}%.`;
      drawn = { name: `${NAMES[measure]} [95% CI]`, label: `Forest plot of your counts: ${pooled.effect}. The table below holds its numbers.`, log: measure !== "RD", arms: ["Experimental", "Control"], favours, studies, rows };
      const line = (cells, tag = "td") => element("tr", {}, ...cells.map((cell, i) => element(i ? tag : "th", { scope: i ? "col" : "row", ...(i && i < 5 ? { class: "right" } : {}) }, cell)));
      const heading = line(["Study", "Experimental", "Control", "Weight", `${measure} [95% CI]`, "Remark"], "th");
      heading.firstChild.setAttribute("scope", "col");
      for (const cell of heading.querySelectorAll("td")) cell.removeAttribute("scope");
      const body = [...studies.map((s) => line([s.label, ...s.events, s.weightText, s.effect, s.remark])), line(["Total", ...pooled.totals, "", pooled.effect, ""])];
      for (const cell of body.flatMap((row) => [...row.querySelectorAll("td")])) cell.removeAttribute("scope");
      place.replaceChildren(element("table", {}, element("caption", {}, "Your studies: events/patients of both arms, weights and effects."), element("thead", {}, heading), element("tbody", {}, ...body)));
      const cell = (v) => (v === null || v === undefined ? "" : /[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
      csv = [["row", "study", "events_t", "n_t", "events_c", "n_c", "weight_percent", "estimate", "ci_low", "ci_high", "p", "k", "tau2", "Q", "df", "p_Q", "I2_percent", "prediction_low", "prediction_high"],
        ...studies.map((s) => ["study", s.label, s.events_t, s.n_t, s.events_c, s.n_c, s.weight, s.estimate, s.low, s.high]),
        ["pooled", `${measure} ${method} ${model} ${options.ci}`, "", "", "", "", "", pooled.estimate, pooled.low, pooled.high, result.p, result.k, result.tau2, result.Q, result.df, result.pQ, result.I2, natural(result.predictionLow), natural(result.predictionHigh)],
      ].map((row) => row.map(cell).join(",")).join("\n") + "\n";
      redraw();
    }

    function redraw() {
      if (drawn && plot.clientWidth) plot.replaceChildren(draw(drawn, plot.clientWidth));
    }

    take.addEventListener("click", () => { area.value = shown(); update(); });
    picture.addEventListener("click", () => drawn && save("forest-own-counts.svg", "image/svg+xml", asFile(plot.querySelector("svg"))));
    data.addEventListener("click", () => drawn && save("own-counts.csv", "text/csv", csv));
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (Math.round(entry.contentRect.width) === width) return;
      width = Math.round(entry.contentRect.width);
      redraw();
    }).observe(section);
    return { fill: () => { if (!area.value) { area.value = shown(); update(); } } };
  }

  window.metalibCounts = { offer, read };
})();
