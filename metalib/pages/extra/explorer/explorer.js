// The explorer: shows results that metalib computed ahead. It calculates no statistic and rounds no number; looking up
// and drawing is done by plot.js, the code to copy comes from code.js. The form of the data: metalib/pages/explorer.py.
(() => {
  "use strict";

  // One script element on the page; what it stands on is loaded from beside it.
  const folder = new URL(".", document.currentScript.src).href;
  const PARTS = [["plot.js", "metalibPlot"], ["code.js", "metalibCode"], ["pool.js", "metalibPool"], ["counts.js", "metalibCounts"]];
  const FIELDS = ["outcome", "data", "measure", "model", "tau2", "ci", "studies", "without"];

  async function loadParts() {
    await Promise.all(PARTS.filter(([, name]) => !window[name]).map(([file]) => new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.async = false;
      script.src = folder + file;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${script.src} could not be loaded`));
      document.head.append(script);
    })));
  }

  function explore() {
  const { element, load, available, lookUp, verdict, draw, viewOf, pooledRow, predictionRow, save, asFile } = window.metalibPlot;

  // ---- State and address ------------------------------------------------------------------------------------------

  /** A state that exists, from wishes that may be missing or unknown; `notes` says which wishes were not followed. */
  function settle(outcome, wishes, switched) {
    const notes = {};
    const choose = (name, allowed, fallback) => {
      const wish = wishes[name];
      if (wish === undefined || allowed.includes(wish)) return wish ?? fallback;
      notes[name] = `${name}=${wish} is not available here, ${fallback || "none"} is shown`;
      return fallback;
    };
    // A link in a text may say "random" and mean the article's method.
    if (wishes.model === "fixed" || wishes.model === "random") wishes = { ...wishes, model: `MH-${wishes.model}` };
    const orFirst = (value, allowed) => (allowed.includes(value) ? value : allowed[0]);
    const sets = outcome.sets.map((s) => s.key);
    const data = choose("data", sets, sets[0]);
    const set = outcome.sets.find((s) => s.key === data);
    const start = set.printed[0] || { measure: "OR", model: "MH-fixed", tau2: "", ci: "wald" };
    const measure = choose("measure", Object.keys(set.measures), start.measure);
    const numbers = set.measures[measure];
    const model = choose("model", available(numbers).model, start.model);
    const tau2s = available(numbers, model).tau2;
    const tau2 = choose("tau2", tau2s, orFirst(start.tau2, tau2s));
    const cis = available(numbers, model, tau2).ci;
    const ci = choose("ci", cis, orFirst(start.ci, cis));
    const on = new Set(set.studies.filter((s) => switched[s.key] ?? s.on).map((s) => s.key));
    return { state: { outcome: outcome.key, data, measure, model, tau2, ci, on }, notes };
  }

  /** Which studies a link switches on or off, other than they are at first; `notes` names unknown ones. */
  function readStudies(outcome, wishes) {
    const set = outcome.sets.find((s) => s.key === wishes.data) || outcome.sets[0];
    const switched = {};
    const notes = {};
    const read = (field) => {
      const named = wishes[field].split(/[\s,]+/).filter(Boolean);
      const unknown = named.filter((n) => !set.studies.some((s) => s.key === n));
      if (unknown.length) notes[field] = `${field}=${unknown.join(",")}: no such study here`;
      return unknown.length ? null : named;
    };
    const only = wishes.studies === undefined ? null : read("studies");
    if (only) for (const s of set.studies) if (only.includes(s.key) !== s.on) switched[s.key] = !s.on;
    const without = wishes.without === undefined ? null : read("without");
    if (without) for (const name of without) switched[name] = false;
    return { switched, notes };
  }

  /** The wishes in an address, or null if the part after # is not one of ours (a heading, or nothing). */
  function readAddress() {
    const text = location.hash.slice(1);
    if (!text.includes("=")) return null;
    const wishes = Object.fromEntries(new URLSearchParams(text));
    for (const field of ["outcome", "studies", "without"]) if (field in wishes) wishes[field] = wishes[field].toLowerCase();
    return wishes;
  }

  function address(outcome, state) {
    const set = outcome.sets.find((s) => s.key === state.data);
    const parts = { ...state, studies: set.studies.filter((s) => state.on.has(s.key)).map((s) => s.key).join(",") };
    if (outcome.sets.length < 2) delete parts.data;
    if (!state.tau2) { delete parts.tau2; delete parts.ci; }
    return "#" + FIELDS.filter((f) => f in parts)
      .map((f) => `${f}=${encodeURIComponent(parts[f]).replaceAll("%2C", ",")}`).join("&");
  }

  // ---- Texts ------------------------------------------------------------------------------------------------------

  function caption(outcome, state, found) {
    const { names } = found;
    const parts = [outcome.label, names.measure[state.measure].toLowerCase(), names.model[state.model]];
    if (state.tau2) parts.push(`tau² by ${names.tau2[state.tau2]}`, `interval: ${names.ci[state.ci]}`);
    const off = found.studies.filter((s) => !s.on).map((s) => s.label);
    return `${parts.join(", ")}. ${found.set.label}${off.length ? `; switched off: ${off.join(", ")}` : ""}. ${found.set.note}`;
  }

  function announcement(state, found) {
    if (!found.pooled) return "No study takes part: there is no pooled result.";
    return `Pooled ${found.names.measure[state.measure].toLowerCase()} ${found.pooled.effect}; ${found.pooled.test}; ` +
      `studies with an effect: ${found.pooled.k} of ${state.on.size} switched on.`;
  }

  function remark(study) {
    const parts = [];
    if (!study.on) parts.push("switched off");
    if (study.remark) parts.push(study.remark);
    if (study.status) parts.push(`counts: ${study.status}`);
    return parts.join("; ");
  }

  function asCsv(outcome, state, found) {
    const head = ["outcome", "counts", "measure", "model", "tau2_method", "interval", "row", "study", "takes_part",
      "events_t", "n_t", "events_c", "n_c", "weight_percent", "estimate", "ci_low", "ci_high", "p", "k", "tau2", "Q",
      "df", "p_Q", "I2_percent", "prediction_low", "prediction_high", "remark"];
    const shared = [outcome.key, state.data, state.measure, state.model, state.tau2, state.ci];
    const rows = found.studies.map((s) => [...shared, "study", s.key, s.on && s.estimate !== null ? "yes" : "no", ...s.counts,
      s.weight, s.estimate, s.low, s.high, ...Array(9).fill(null), remark(s)]);
    const r = found.pooled;
    if (r) {
      rows.push([...shared, "pooled", ...Array(7).fill(null), r.estimate, r.low, r.high, r.p, r.k, r.tau2, r.Q, r.df, r.pQ,
        r.I2, r.predictionLow, r.predictionHigh, r.estimate === null || r.p === null ? r.test : ""]);
    }
    const cell = (v) => (v === null || v === undefined ? "" : /[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
    return [head, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
  }

  /** Copy, also where a page has no clipboard of its own, as from a folder. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const before = document.activeElement;
      const area = element("textarea", { "aria-hidden": "true", class: "explorer-copy" });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (before) before.focus();
      return done;
    }
  }

  function asTable(outcome, state, found) {
    const head = ["Study", ...outcome.arms, "Weight", `${state.measure} [95% CI]`, "Remark"];
    const line = (cells, classes) => {
      const tr = element("tr", classes ? { class: classes } : {}, element("th", { scope: "row" }, cells[0]));
      for (const [i, text] of cells.slice(1).entries()) tr.append(element("td", i < 4 ? { class: "right" } : {}, text));
      return tr;
    };
    const body = element("tbody", {}, ...found.studies.map((s) =>
      line([s.label, ...s.events, s.on && s.weightText ? s.weightText : "–", s.effect, remark(s)], s.on ? "" : "off")));
    const r = found.pooled;
    if (r) {
      body.append(line(["Total", ...r.totals, "", r.effect, r.p === null ? r.test : ""], "total"));
      if (r.predictionLow !== null) body.append(line(["Prediction interval", "", "", "", r.prediction, ""], ""));
    }
    const header = element("tr", {}, ...head.map((h, i) => element("th", { scope: "col", ...(i > 0 && i < 5 ? { class: "right" } : {}) }, h)));
    const table = element("table", {}, element("caption", {}, "The numbers of the plot: events/patients of both arms, weights and effects."),
      element("thead", {}, header), body);
    return element("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "The numbers of the plot" }, table);
  }

  function headline(outcome, state, found) {
    const r = found.pooled;
    const own = found.own;
    const parts = [
      element("span", { class: "of" }, `Pooled ${found.names.measure[state.measure].toLowerCase()} [95% CI]`), " ",
      element("strong", { "data-value": "effect" }, r ? r.effect : "no study takes part"), " ",
      ...(r ? [element("span", { "data-value": "test" }, r.test)] : []),
    ];
    const said = verdict(outcome, state.measure, r);
    const printed = own && verdict(outcome, own.measure, { estimate: own.ends[0], low: own.ends[1], high: own.ends[2] });
    const beside = !printed || !r || r.low === null ? "" : printed === said ? " So does the article’s own result." : ` The article’s own result, ${own.effect}, differs: ${printed.charAt(0).toLowerCase()}${printed.slice(1)}`;
    return [...parts, element("span", { class: "verdict", "data-value": "verdict" }, said + beside)];
  }

  function details(found, state) {
    const list = element("dl");
    const add = (term, name, text) => list.append(element("div", {}, element("dt", {}, term), element("dd", { "data-value": name }, text)));
    const r = found.pooled;
    if (r) {
      add("Heterogeneity", "heterogeneity", r.heterogeneity);
      add("95% prediction interval", "prediction", r.prediction);
      add("Studies", "k", `${r.k} with an effect, of ${state.on.size} switched on`);
    }
    const { own } = found;
    if (found.printed) add("In the article", "printed", `${found.printed.place}: ${found.printed.text}. ${found.printed.verdict}.`);
    else if (own) {
      add("In the article", "printed",
        `This analysis is not printed. The article’s own (${own.place}; ${found.names.model[own.model]}): ${own.text}.`);
    }
    return list;
  }

  // ---- One explorer -----------------------------------------------------------------------------------------------

  function start(box) {
    const form = box.querySelector("form");
    const fields = form.elements;
    const [message, live, head, result] = ["message", "announced", "headline", "result"].map((c) => box.querySelector(`.${c}`));
    const names = { measure: {}, model: {}, tau2: {}, ci: {} };
    for (const field of ["tau2", "ci"]) for (const o of fields[field].options) names[field][o.value] = o.textContent;
    for (const field of ["measure", "model"]) {
      for (const radio of fields[field]) names[field][radio.value] = radio.parentElement.textContent.trim();
    }
    // What the reader has picked or switched. A pick outlives the choices that cannot follow it: REML is still wished for
    // after a look at fixed effects.
    let picked = {};
    let switched = {};
    let outcome = null;
    let state = null;
    let found = null;
    let request = 0;
    let timer = 0;

    const say = (text) => message.replaceChildren(...(text ? [element("p", {}, text)] : []));

    /** Load an outcome and hand it on, unless a later request came in between. */
    async function withOutcome(wanted, then) {
      const mine = ++request;
      const option = [...fields.outcome.options].find((o) => o.value === wanted);
      try {
        await load(option.value, option.dataset.file);
      } catch (error) {
        if (mine === request) say(`The results of ${option.textContent.toLowerCase()} could not be loaded: ${error.message}`);
        return;
      }
      if (mine === request) then(window.metalibExplorer[wanted]);
    }

    function follow(loaded, settled, notes) {
      outcome = loaded;
      state = settled;
      found = { ...lookUp(outcome, state), names };
      say(notes.length ? `${notes.join("; ")}.` : "");
      render();
      own.fill();
      clearTimeout(timer);
      timer = setTimeout(() => { live.textContent = announcement(state, found); }, 400);
    }

    /** Show what the reader chose, and put it into the address. */
    function choose(wanted, why = []) {
      return withOutcome(wanted, (loaded) => {
        const settled = settle(loaded, picked, switched);
        const lost = `${names.model[picked.model]} is not available here, ${names.model[settled.state.model]} is shown`;
        follow(loaded, settled.state, settled.notes.model ? [...why, lost] : why);
        history.replaceState(null, "", address(outcome, state));
      });
    }

    /** Show what the address asks for. */
    function visit() {
      const wishes = readAddress();
      if (!wishes && outcome) return null;
      const asked = wishes || {};
      const notes = Object.keys(asked).filter((w) => !FIELDS.includes(w)).map((w) => `${w} is not a choice`);
      const known = [...fields.outcome.options].map((o) => o.value);
      if (asked.outcome !== undefined && !known.includes(asked.outcome)) notes.push(`outcome=${asked.outcome} is not known`);
      return withOutcome(known.includes(asked.outcome) ? asked.outcome : known[0], (loaded) => {
        const studies = readStudies(loaded, asked);
        switched = studies.switched;
        const settled = settle(loaded, asked, switched);
        picked = Object.fromEntries(["data", "measure", "model", "tau2", "ci"]
          .filter((f) => asked[f] !== undefined && !settled.notes[f]).map((f) => [f, asked[f]]));
        const unmet = [...notes, ...Object.values(settled.notes), ...Object.values(studies.notes)];
        follow(loaded, settled.state, unmet.length ? [`Not every choice could be followed: ${unmet.join("; ")}`] : []);
        // A link to a state leads to the state, not to the top of the page.
        if (wishes) box.scrollIntoView({ block: "start" });
      });
    }

    function setOptions(select, values, name, chosen) {
      if ([...select.options].map((o) => o.value).join() !== values.join()) {
        select.replaceChildren(...values.map((v) => new Option(name(v), v)));
      }
      for (const option of select.options) option.textContent = name(option.value);
      select.value = chosen;
      select.disabled = values.length < 2;
    }

    /** Say why a control cannot be used, as long as it cannot. */
    function explain(control, reason) {
      let why = control.parentElement.querySelector(".why");
      if (!why) {
        why = element("span", { class: "why", id: `why-${control.name}` });
        control.parentElement.append(why);
        control.setAttribute("aria-describedby", why.id);
      }
      why.textContent = control.disabled ? ` ${reason}` : "";
    }

    function render() {
      const { set, measure } = found;
      fields.outcome.value = outcome.key;
      setOptions(fields.data, outcome.sets.map((s) => s.key), (v) => outcome.sets.find((s) => s.key === v).label, state.data);
      const possible = available(measure, state.model, state.tau2);
      fields.measure.value = state.measure;
      for (const radio of fields.model) radio.disabled = !possible.model.includes(radio.value);
      fields.model.value = state.model;
      setOptions(fields.tau2, possible.tau2, (v) => names.tau2[v], state.tau2);
      setOptions(fields.ci, possible.ci, (v) => names.ci[v], state.ci);
      explain(fields.data, "This outcome has one set of counts.");
      explain(fields.tau2, state.tau2 ? "Mantel-Haenszel takes this one; others go with inverse variance, random."
        : "Fixed effects know no variance between studies: choose a random model.");
      explain(fields.ci, "Hartung-Knapp needs a random model.");
      const peto = [...fields.model].find((radio) => radio.value.startsWith("Peto"));
      if (peto) explain(peto, "Peto’s method is one for odds ratios.");
      const list = form.querySelector(".studies div");
      const shown = `${outcome.key} ${set.key}`;
      if (list.dataset.shown !== shown) {
        list.dataset.shown = shown;
        list.replaceChildren(...set.studies.map((study) => {
          const counts = study.status === "published" ? "counts from published percentages" : `${study.status} counts`;
          const more = study.on ? "" : ` (${counts}, not in the article’s analysis)`;
          return element("label", {}, element("input", { type: "checkbox", name: "study", value: study.key }), ` ${study.label}${more}`);
        }));
      }
      for (const checkbox of list.querySelectorAll("input")) checkbox.checked = state.on.has(checkbox.value);
      const figure = element("figure", {}, element("div", { class: "plot" }), element("figcaption", {}, caption(outcome, state, found)));
      head.replaceChildren(...headline(outcome, state, found));
      result.replaceChildren(figure, buttons, details(found, state), asTable(outcome, state, found));
      redraw();
    }

    function redraw() {
      const plot = result.querySelector(".plot");
      if (!plot || !plot.clientWidth) return;
      const rows = [pooledRow("Total (95% CI)", "pooled", found.pooled), ...predictionRow(found.pooled)];
      const view = viewOf(outcome, state, found, rows, `${names.measure[state.measure]} [95% CI]`,
        `Forest plot. ${announcement(state, found)} The table below holds its numbers.`);
      plot.replaceChildren(draw(view, plot.clientWidth, { point: () => {}, toggle }));
    }

    function toggle({ key: study }) {
      const box = form.querySelector(`[name=study][value="${CSS.escape(study)}"]`);
      box.click();
      result.querySelector(`[data-study="${CSS.escape(study)}"]`)?.focus({ preventScroll: true });
    }

    form.addEventListener("change", ({ target }) => {
      const left = [];
      if (target.name === "outcome") {
        // Each outcome begins with the article's own analysis: nothing is carried over that the reader would not see.
        if (outcome && (Object.keys(picked).length || Object.keys(switched).length)) {
          left.push(`Every outcome begins with the article’s own analysis; what you chose for ${outcome.label.toLowerCase()} was left there`);
        }
        picked = {};
        switched = {};
      } else if (target.name !== "study") picked[target.name] = target.value;
      else {
        const study = found.set.studies.find((s) => s.key === target.value);
        if (target.checked === study.on) delete switched[study.key];
        else switched[study.key] = target.checked;
      }
      choose(fields.outcome.value, left);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    fields.reset.addEventListener("click", () => {
      picked = {};
      switched = {};
      choose(fields.outcome.value);
    });
    const copied = async (what, text) =>
      say(await copy(text) ? `${what} copied.` : `The browser does not let this page copy. ${what}: ${text}`);
    fields.link.addEventListener("click", () => copied("Link", location.href.split("#")[0] + address(outcome, state)));
    fields.csv.addEventListener("click", () => copied("Table", asCsv(outcome, state, found)));
    const buttons = element("p", { class: "buttons exports no-print" }, fields.link, " ", fields.csv);
    const offer = (text, action) => {
      const button = element("button", { type: "button" }, text);
      button.addEventListener("click", action);
      buttons.append(" ", button);
    };
    const code = (language) => {
      const [method, model] = state.model.split("-");
      const studies = found.set.studies.filter((s) => state.on.has(s.key));
      return window.metalibCode[language](studies, { ...state, method, model });
    };
    const file = () => ["forest", outcome.key, state.measure, state.model].join("-").toLowerCase();
    offer("Copy as Python", () => copied("Python", code("python")));
    offer("Copy as R", () => copied("R", code("r")));
    offer("Download picture (SVG)", () => save(`${file()}.svg`, "image/svg+xml", asFile(result.querySelector("svg"))));
    offer("Download data (CSV)", () => save(`${file()}.csv`, "text/csv", asCsv(outcome, state, found)));
    window.addEventListener("hashchange", visit);
    if (window.ResizeObserver) {
      let width = 0;
      new ResizeObserver(([entry]) => {
        if (entry.contentRect.width === width) return;
        width = entry.contentRect.width;
        if (found) redraw();
      }).observe(result);
    }
    const own = window.metalibCounts.offer(box, () => found.set.studies.filter((s) => state.on.has(s.key))
      .map((s) => `${s.label}, ${s.counts.slice(0, 2).join("/")}, ${s.counts.slice(2).join("/")}`).join("\n"));
    box.hidden = false;
    for (const missing of document.querySelectorAll(".explorer-missing")) missing.hidden = true;
    return visit();
  }

  for (const box of document.querySelectorAll(".explorer")) start(box);
  }

  loadParts().then(explore);
})();
