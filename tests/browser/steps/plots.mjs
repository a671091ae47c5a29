// Plots where they are read, states that links open, and what the explorer hands out: code that gives its numbers again.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const name = "plots";

const CHAPTERS = { cr: "complete_response", pr: "partial_response", sd: "stable_disease", pd: "disease_progression", ae: "adverse_events", survival: "one_year_survival" };
const EXPLORER = "notebooks/explorer.html";
// R's own estimators of tau² stop at their tolerance; everything else is a closed form.
const CLOSE = { python: 1e-9, r: 1e-8, iterated: 1e-6 };

const state = (page) => page.evaluate(() => ({
  effect: document.querySelector(".explorer [data-value=effect]").textContent, verdict: document.querySelector(".explorer [data-value=verdict]").textContent,
  drawn: [...document.querySelectorAll(".explorer .forest-plot text")].map((t) => t.textContent), hash: location.hash,
  message: document.querySelector(".explorer .message").textContent, form: document.querySelector(".explorer form").getBoundingClientRect().toJSON(),
  plot: document.querySelector(".explorer .forest-plot").getBoundingClientRect().toJSON(),
}));

function rscript() {
  const found = (process.env.PATH ?? "").split(":").map((folder) => path.join(folder, "Rscript")).find((file) => existsSync(file));
  if (!found) return null;
  try { execFileSync(found, ["-e", "library(metafor)"], { stdio: "ignore" }); return found; } catch { return null; }
}

export async function run({ root, check, open }) {
  const python = path.join(root, ".venv", "bin", "python");
  const expected = (states) => JSON.parse(execFileSync(python, [path.join(root, "tests/browser/expected.py")], { input: JSON.stringify(states), maxBuffer: 1 << 28 }).toString());

  // Every outcome chapter: the plot is there, its texts can be read and marked, its numbers are those of metalib.
  for (const [outcome, chapter] of Object.entries(CHAPTERS)) {
    for (const width of [1400, 390]) {
      const page = await open(`notebooks/${chapter}.html`, { width, scheme: width === 390 ? "dark" : "light" });
      if (!(await page.locator("figure.live-forest").count())) { check(outcome === "survival", `${chapter} has a plot that lives`); await page.context().close(); continue; }
      const figure = page.locator("figure.live-forest").first();
      await figure.scrollIntoViewIfNeeded();
      await page.locator("figure.is-live .forest-plot").first().waitFor({ timeout: 10000 });
      const read = () => figure.evaluate((node) => {
        const svg = node.querySelector(".forest-plot");
        const texts = [...svg.querySelectorAll("text")];
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        const box = svg.getBoundingClientRect();
        return {
          texts: texts.map((t) => t.textContent), smallest: Math.min(...texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * scale)),
          outside: texts.filter((t) => { const r = t.getBoundingClientRect(); return r.left < box.left - 2 || r.right > box.right + 2; }).map((t) => t.textContent),
          crossed: texts.flatMap((a, i) => texts.slice(i + 1).filter((b) => {
            const [p, q] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
            return p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 3 && q.top < p.bottom - 3;
          }).map((b) => `${a.textContent} × ${b.textContent}`)),
          on: [...node.querySelectorAll(".hit[aria-pressed=true]")].map((g) => g.dataset.study), fallback: getComputedStyle(node.querySelector(".figure-box")).display,
          marked: (() => { const r = document.createRange(); r.selectNodeContents(texts[4]); const s = getSelection(); s.removeAllRanges(); s.addRange(r); const t = String(s); s.removeAllRanges(); return t === texts[4].textContent; })(),
          link: node.querySelector(".live-links a").getAttribute("href"),
        };
      });
      const shown = await read();
      const at = `${chapter} at ${width} px`;
      check(shown.smallest >= 11.9 && !shown.outside.length && !shown.crossed.length && shown.fallback === "none" && shown.marked,
        `${at}: the plot's text is at least 12 px (${shown.smallest.toFixed(1)}), inside, apart, and can be marked ${[...shown.outside, ...shown.crossed].slice(0, 3).join("; ")}`);
      const data = new URLSearchParams(shown.link.split("#")[1]).get("data") ?? "recovered";
      const models = [["MH-fixed", "", "wald"], ["MH-random", "DL", "wald"], ["MH-random", "DL", "hksj"]];
      const wanted = expected(models.map(([model, tau2, ci]) => ({ outcome, data, measure: "OR", model, tau2, ci, studies: shown.on })));
      check(wanted.every((w) => shown.texts.includes(w.texts.effect)) && shown.texts.some((t) => /^As printed/.test(t)),
        `${at}: fixed, random, Hartung-Knapp and the print are rows, as metalib pools them`);
      // Focus tells the numbers of a study and what happens without it; a click leaves it out.
      const first = shown.on[0];
      const study = figure.locator(`[data-study="${first}"]`);
      await study.focus();
      const rest = shown.on.filter((s) => s !== first);
      const without = expected(models.map(([model, tau2, ci]) => ({ outcome, data, measure: "OR", model, tau2, ci, studies: rest })));
      const note = await figure.locator(".live-note").textContent();
      check(without.every((w) => note.includes(w.texts.effect)) && /weight \d/.test(note), `${at}: in focus, ${first} says its weight and what happens without it`);
      await page.keyboard.press("Enter");
      const changed = await read();
      check(without.every((w) => changed.texts.includes(w.texts.effect)) && !changed.on.includes(first), `${at}: a key leaves it out, and every row follows`);
      check(changed.link.includes(`studies=${rest.join(",")}`), `${at}: the link leads to the same state`);
      await page.context().close();
    }
  }
  const still = await open("notebooks/partial_response.html", { media: "print", width: 718 });
  await still.locator("figure.live-forest").first().scrollIntoViewIfNeeded();
  await still.waitForTimeout(500);
  check(await still.evaluate(() => [...document.querySelectorAll("figure.live-forest")].every((f) => f.querySelector("img").checkVisibility() && !f.querySelector(".live-plot")?.checkVisibility())),
    "on paper the still picture stands there");

  // The explorer: on one screen, early for the keyboard, the print always there, a verdict, nothing carried over.
  const page = await open(EXPLORER);
  await page.waitForSelector(".explorer .forest-plot");
  let stops = 0;
  for (; stops < 12; stops += 1) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(() => ({ link: document.activeElement.getAttribute("href"), inside: Boolean(document.activeElement.closest(".explorer form")) }));
    if (where.link === "#explorer") await page.keyboard.press("Enter");
    if (where.inside) break;
  }
  check(stops < 10, `the first control is the ${stops + 1}th stop of the Tab key`);
  const go = async (hash) => { await page.goto("about:blank"); await page.goto((await address) + hash); await page.waitForSelector(".explorer .forest-plot"); await page.waitForTimeout(150); return state(page); };
  const address = Promise.resolve(page.url().split("#")[0]);
  const deep = await go("#outcome=PR&without=li2014&model=random");
  const [li] = expected([{ outcome: "pr", data: "recovered", measure: "OR", model: "MH-random", tau2: "DL", ci: "wald", studies: ["ke2011", "ding2016", "zhou2015"] }]);
  check(deep.effect === li.texts.effect && deep.message === "", `a link in words (outcome=PR&without=li2014&model=random) opens its state: ${deep.effect}`);
  check(deep.form.top >= 0 && deep.plot.bottom <= 900 && deep.form.bottom <= 900, `form and plot are on one screen (${Math.round(deep.form.bottom)}, ${Math.round(deep.plot.bottom)} of 900 px)`);
  check(/No clear difference/.test(deep.verdict) && /differs/.test(deep.verdict), `a verdict in words, beside the article's: ${deep.verdict}`);
  check(deep.drawn.includes("As printed"), "the printed result stays in the plot after a change");
  await page.locator(".explorer [name=measure][value=RD]").check();
  check((await state(page)).drawn.some((t) => /^As printed \(OR\)/.test(t)), "under another measure the print says which one it is");
  const why = await page.locator(".explorer .why").allTextContents();
  check(why.some((t) => /Peto/.test(t)) && why.some((t) => /tau|estimators|variance|Mantel/.test(t)), "what is greyed says why");
  await page.locator(".explorer [name=outcome]").selectOption("pd");
  await page.waitForFunction(() => /outcome=pd/.test(location.hash));
  const next = await state(page);
  check(/measure=OR/.test(next.hash) && /left there/.test(next.message) && !/not estimable/.test(next.effect), `nothing is carried over to another outcome, and it is said: ${next.message}`);

  // Code: what is copied gives the number of the page, in Python and in R.
  const R = rscript();
  if (!R) console.log("plots: there is no R with metafor on this machine; the R code was not run");
  const folder = mkdtempSync(path.join(tmpdir(), "explorer-"));
  const states = [
    "outcome=pr&measure=OR&model=MH-fixed", "outcome=cr&measure=OR&model=MH-random&ci=wald", "outcome=cr&measure=RR&model=MH-fixed", "outcome=ae&measure=RD&model=MH-fixed",
    "outcome=sd&measure=OR&model=Peto-fixed", "outcome=pd&measure=OR&model=IV-fixed", "outcome=ae&measure=OR&model=IV-random&tau2=DL&ci=hksj", "outcome=cr&measure=OR&model=IV-random&tau2=REML&ci=hksj",
    "outcome=cr&measure=RR&model=IV-random&tau2=PM&ci=wald", "outcome=pr&measure=OR&model=MH-random&ci=hksj_adhoc&without=li2014", "outcome=cr&measure=RD&model=MH-random&ci=hksj", "outcome=survival&measure=RR&model=MH-random&ci=wald",
  ];
  for (const hash of states) {
    await go(`#${hash}`);
    const codes = await page.evaluate(async () => {
      const found = {};
      const write = Clipboard.prototype.writeText;
      Clipboard.prototype.writeText = async (text) => { found.last = text; };
      for (const [language, button] of [["python", "Copy as Python"], ["r", "Copy as R"]]) {
        [...document.querySelectorAll(".explorer button")].find((b) => b.textContent === button).click();
        await new Promise((done) => setTimeout(done, 60));
        found[language] = found.last;
      }
      Clipboard.prototype.writeText = write;
      return found;
    });
    const asked = await page.evaluate(() => {
      const { elements } = document.querySelector(".explorer form");
      const values = Object.fromEntries(["outcome", "data", "measure", "model", "tau2", "ci"].map((field) => [field, elements[field].value]));
      return { ...values, studies: [...document.querySelectorAll(".explorer [name=study]:checked")].map((box) => box.value) };
    });
    const [{ numbers }] = expected([asked]);
    const wanted = [numbers.estimate, numbers.ci_low, numbers.ci_high];
    const run = (language, command, file) => {
      writeFileSync(path.join(folder, file), codes[language]);
      try {
        const out = execFileSync(command, [path.join(folder, file)], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim().split("\n").pop();
        return out.replace(/^\[1\]/, "").trim().split(/\s+/).map(Number);
      } catch (error) { return [String(error)]; }
    };
    const close = (found, tolerance) => found.length === 3 && found.every((v, i) => Math.abs(v - wanted[i]) <= tolerance * Math.max(1, Math.abs(wanted[i])));
    const ours = run("python", python, "code.py");
    check(close(ours, CLOSE.python), `${hash}: the Python code gives ${wanted.map((v) => v.toFixed(6)).join(", ")} (${ours.join(", ")})`);
    if (R) {
      const theirs = run("r", R, "code.R");
      check(close(theirs, /REML|PM/.test(hash) ? CLOSE.iterated : CLOSE.r), `${hash}: the R code gives the same (${theirs.join(", ")})`);
    }
  }
  // A number in the text opens the explorer where it shows the same number.
  for (const path of ["index.html", "notebooks/complete_response.html", "notebooks/disease_progression.html"]) {
    const reader = await open(path);
    const links = await reader.evaluate(() => [...document.querySelectorAll("article a.state")].map((a) => [a.href, a.textContent]));
    const wrong = [];
    for (const [href, shown] of links) {
      const { effect, message } = await go(new URL(href).hash);
      if (effect !== shown || message || !href.startsWith(await address)) wrong.push(`${shown}: ${effect} ${message}`);
    }
    check(links.length > 2 && !wrong.length, `${path}: ${links.length} numbers open the state that shows them ${wrong.join("; ")}`);
    await reader.context().close();
  }
  // A drawing whose size is stated keeps its shape where it is made narrower or wider.
  const small = await open("index.html", { width: 390 });
  const bent = await small.evaluate(() => [...document.querySelectorAll(".figure-box img")].filter((image) => image.checkVisibility())
    .map((image) => [image.width / image.height, image.naturalWidth / image.naturalHeight]).filter(([is, was]) => Math.abs(is / was - 1) > 0.02));
  check(!bent.length, `pictures keep their shape on a phone ${bent.map((b) => b.join(" for "))}`);
  await small.context().close();
  // The first page has a plot to touch, too.
  const front = await open("index.html");
  await front.locator("figure.live-forest").scrollIntoViewIfNeeded();
  await front.locator("figure.live-forest .forest-plot").waitFor({ timeout: 10000 });
  const before = await front.locator("figure.live-forest .forest-plot").getAttribute("aria-label");
  await front.locator("figure.live-forest .hit").first().press("Enter");
  check((await front.locator("figure.live-forest .forest-plot").getAttribute("aria-label")) !== before, "on the first page a key leaves a study out");
  // Files: a picture that stands alone, and the data.
  for (const [button, ending, holds] of [["Download picture (SVG)", ".svg", "As printed"], ["Download data (CSV)", ".csv", "pooled"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator(".explorer").getByRole("button", { name: button }).click()]);
    const text = readFileSync(await download.path(), "utf8");
    check(download.suggestedFilename().endsWith(ending) && text.includes(holds) && !/tabindex/.test(text), `${button}: ${download.suggestedFilename()} holds what is shown`);
  }
}
