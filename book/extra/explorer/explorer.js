// The explorer: looks up results that metalib computed ahead, shows them, and draws them. It calculates no statistic and
// rounds no number; the only arithmetic is that of places on the screen. The form of the data: metalib/explorer.py.
(() => {
  "use strict";

  const FIELDS = ["outcome", "data", "measure", "model", "tau2", "ci", "studies"];
  const WIDE = 640;

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  // ---- Looking up -------------------------------------------------------------------------------------------------

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

  /** The stored result of a state, its fields named; null if no study takes part. */
  function lookUp(outcome, state) {
    const set = outcome.sets.find((s) => s.key === state.data);
    const measure = set.measures[state.measure];
    const [method] = state.model.split("-");
    const studies = set.studies.map((study, i) => {
      const [estimate, low, high, effect, remark] = (measure.effects[method] || measure.effects.other)[i];
      const on = state.on.has(study.key);
      return { ...study, on, added: on && !study.on, estimate, low, high, effect: words(outcome, effect), remark: words(outcome, remark) };
    });
    const axis = measure.axes[studies.some((s) => s.added) ? "all" : "first"];
    const found = { set, measure, studies, axis, subset: 0, pooled: null };
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
    if (wishes.studies === undefined) return { switched, notes: {} };
    const named = wishes.studies.split(",").filter(Boolean);
    const unknown = named.filter((n) => !set.studies.some((s) => s.key === n));
    if (unknown.length) return { switched, notes: { studies: `studies=${unknown.join(",")}: no such study here` } };
    for (const s of set.studies) if (named.includes(s.key) !== s.on) switched[s.key] = !s.on;
    return { switched, notes: {} };
  }

  /** The wishes in an address, or null if the part after # is not one of ours (a heading, or nothing). */
  function readAddress() {
    const text = location.hash.slice(1);
    if (!text.includes("=")) return null;
    return Object.fromEntries(new URLSearchParams(text));
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

  // ---- Drawing ----------------------------------------------------------------------------------------------------

  function drawForest(outcome, state, found, width) {
    const wide = width >= WIDE;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const { axis } = found;
    const longest = Math.max(...[...found.studies, found.pooled || found.studies[0]].map((r) => r.effect.length));
    const right = wide ? Math.max(150, 7.4 * longest) : 0;
    const columns = { t: 175, c: 265, weight: 330 };
    const plot = wide ? [columns.weight + 22, width - right - 14] : [12, width - 12];
    const scale = axis.log ? Math.log : (v) => v;
    const [from, to] = [scale(axis.low), scale(axis.high)];
    const x = (v) => plot[0] + ((scale(v) - from) / (to - from)) * (plot[1] - plot[0]);
    const inside = (v) => Math.min(plot[1], Math.max(plot[0], v === 0 && axis.log ? plot[0] : x(v)));
    const draw = (tag, attributes, text) => {
      const made = document.createElementNS(svg.namespaceURI, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      if (text !== undefined) made.textContent = text;
      svg.append(made);
      return made;
    };
    const write = (px, py, text, classes = "", anchor = "start") =>
      draw("text", { x: px, y: py, class: classes, "text-anchor": anchor }, text);
    const rowHeight = wide ? 27 : 46;
    const top = wide ? 52 : 30;
    const mark = wide ? -4 : 17;

    const interval = (low, high, y, classes) => {
      draw("line", { x1: inside(low), x2: inside(high), y1: y, y2: y, class: classes });
      for (const [cut, end, sign] of [[low < axis.low, plot[0], 1], [high > axis.high, plot[1], -1]]) {
        if (cut) draw("path", { d: `M${end} ${y} l${sign * 8} -4.5 v9 z`, class: `${classes} arrow` });
      }
    };
    const diamond = (estimate, low, high, y, classes) => {
      const [a, m, b] = [low === null ? estimate : low, estimate, high === null ? estimate : high].map(inside);
      draw("path", { d: `M${a} ${y} L${m} ${y - 7} L${b} ${y} L${m} ${y + 7} Z`, class: classes });
      if (low !== null && low < axis.low) draw("path", { d: `M${plot[0]} ${y} l8 -4.5 v9 z`, class: "arrow" });
      if (high !== null && high > axis.high) draw("path", { d: `M${plot[1]} ${y} l-8 -4.5 v9 z`, class: "arrow" });
    };
    const row = (y, label, cells, effect, classes) => {
      write(0, y, label, classes);
      if (wide) {
        for (const [name, text] of Object.entries(cells)) if (text) write(columns[name], y, text, `${classes} number`, "end");
      } else if (cells.t) {
        write(92, y, `${cells.t} : ${cells.c}`, `${classes} number second`);
      }
      write(width, y, effect, `${classes} number`, "end");
    };

    const name = `${found.names.measure[state.measure]} [95% CI]`;
    if (wide) {
      write(0, 34, "Study", "head");
      for (const [i, column] of ["t", "c"].entries()) {
        outcome.arms[i].split(" ").forEach((word, line, all) =>
          write(columns[column], 34 - 15 * (all.length - 1 - line), word, "head", "end"));
      }
      write(columns.weight, 34, "Weight", "head", "end");
      write(width, 34, name, "head", "end");
    } else {
      write(0, 12, "Study, events", "head");
      write(width, 12, name, "head", "end");
    }
    draw("line", { x1: 0, x2: width, y1: top - 10, y2: top - 10, class: "rule" });

    const heaviest = Math.max(1e-9, ...found.studies.map((s) => (s.on && s.weight) || 0));
    const lines = found.studies.length + 1 + (found.pooled && found.pooled.predictionLow !== null ? 1 : 0) + (found.printed ? 1 : 0);
    const bottom = top + lines * rowHeight + 6;
    draw("line", { x1: x(axis.none), x2: x(axis.none), y1: top - 10, y2: bottom, class: "no-effect" });

    let y = top + 12;
    for (const study of found.studies) {
      const classes = study.on ? "" : "off";
      row(y, study.label, { t: study.events[0], c: study.events[1], weight: study.on ? study.weightText : "off" }, study.effect, classes);
      if (study.estimate !== null) {
        const side = study.on ? 17 * Math.sqrt(study.weight / heaviest) : 8;
        interval(study.low, study.high, y + mark, `interval ${classes}`);
        if (study.estimate >= axis.low && study.estimate <= axis.high) draw("rect", { x: inside(study.estimate) - side / 2, y: y + mark - side / 2, width: side, height: side, class: `square ${classes}` });
      }
      y += rowHeight;
    }
    draw("line", { x1: 0, x2: width, y1: y - (wide ? 18 : 16), y2: y - (wide ? 18 : 16), class: "rule" });
    const pooled = found.pooled;
    const [t, c] = pooled ? pooled.totals : ["", ""];
    row(y, wide ? "Total (95% CI)" : "Total", { t, c }, pooled ? pooled.effect : "no study", "bold");
    if (pooled && pooled.estimate !== null) diamond(pooled.estimate, pooled.low, pooled.high, y + mark, "diamond");
    if (pooled && pooled.predictionLow !== null) {
      y += rowHeight;
      row(y, "Prediction interval", {}, pooled.prediction, "");
      interval(pooled.predictionLow, pooled.predictionHigh, y + mark, "prediction");
    }
    if (found.printed) {
      y += rowHeight;
      row(y, "As printed", {}, found.printed.effect, "");
      diamond(...found.printed.ends, y + mark, "diamond printed");
    }

    draw("line", { x1: plot[0], x2: plot[1], y1: bottom, y2: bottom, class: "axis" });
    for (const [value, text] of axis.ticks) {
      draw("line", { x1: x(value), x2: x(value), y1: bottom, y2: bottom + 5, class: "axis" });
      write(x(value), bottom + 18, text, "number", "middle");
    }
    write(x(axis.none) - 8, bottom + 37, `◂ ${outcome.favours[0]}`, "side", "end");
    write(x(axis.none) + 8, bottom + 37, `${outcome.favours[1]} ▸`, "side", "start");
    svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 46}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `Forest plot. ${announcement(state, found)} The table below holds its numbers.`);
    return svg;
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

  function headline(state, found) {
    const r = found.pooled;
    return [
      element("span", {}, `Pooled ${found.names.measure[state.measure].toLowerCase()} [95% CI]`), " ",
      element("strong", { "data-value": "effect" }, r ? r.effect : "no study takes part"), " ",
      ...(r ? [element("span", { "data-value": "test" }, r.test)] : []),
    ];
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
    const own = found.set.printed[0];
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
    const store = (window.metalibExplorer ??= {});
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

    function load(option) {
      return new Promise((resolve, reject) => {
        if (store[option.value]) return resolve(store[option.value]);
        const script = element("script", { src: box.dataset.folder + option.dataset.file });
        script.onload = () => (store[option.value] ? resolve(store[option.value]) : reject(new Error(script.src)));
        script.onerror = () => reject(new Error(script.src));
        document.head.append(script);
      });
    }

    /** Load an outcome and hand it on, unless a later request came in between. */
    async function withOutcome(key, then) {
      const mine = ++request;
      const option = [...fields.outcome.options].find((o) => o.value === key);
      try {
        await load(option);
      } catch (error) {
        if (mine === request) say(`The results of ${option.textContent.toLowerCase()} could not be loaded: ${error.message}`);
        return;
      }
      if (mine === request) then(store[key]);
    }

    function follow(loaded, settled, notes) {
      outcome = loaded;
      state = settled;
      found = { ...lookUp(outcome, state), names };
      say(notes.length ? `Not every choice could be followed: ${notes.join("; ")}.` : "");
      render();
      clearTimeout(timer);
      timer = setTimeout(() => { live.textContent = announcement(state, found); }, 400);
    }

    /** Show what the reader chose, and put it into the address. */
    function choose(key) {
      return withOutcome(key, (loaded) => {
        const settled = settle(loaded, picked, switched);
        const lost = `${names.model[picked.model]} is not available here, ${names.model[settled.state.model]} is shown`;
        follow(loaded, settled.state, settled.notes.model ? [lost] : []);
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
        follow(loaded, settled.state, [...notes, ...Object.values(settled.notes), ...Object.values(studies.notes)]);
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
      head.replaceChildren(...headline(state, found));
      result.replaceChildren(details(found, state), figure, asTable(outcome, state, found));
      redraw();
    }

    function redraw() {
      const plot = result.querySelector(".plot");
      if (plot && plot.clientWidth) plot.replaceChildren(drawForest(outcome, state, found, plot.clientWidth));
    }

    form.addEventListener("change", ({ target }) => {
      if (target.name === "outcome") delete picked.data;
      else if (target.name !== "study") picked[target.name] = target.value;
      else {
        const study = found.set.studies.find((s) => s.key === target.value);
        if (target.checked === study.on) delete switched[study.key];
        else switched[study.key] = target.checked;
      }
      choose(fields.outcome.value);
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
    window.addEventListener("hashchange", visit);
    if (window.ResizeObserver) {
      let width = 0;
      new ResizeObserver(([entry]) => {
        if (entry.contentRect.width === width) return;
        width = entry.contentRect.width;
        if (found) redraw();
      }).observe(result);
    }
    box.hidden = false;
    for (const missing of document.querySelectorAll(".explorer-missing")) missing.hidden = true;
    return visit();
  }

  for (const box of document.querySelectorAll(".explorer")) start(box);
})();
