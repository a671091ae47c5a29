// The explorer, clicked through: what it shows is compared with metalib.pool, called afresh on data/ (expected.py).
import { execFileSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";

export const name = "explorer";

const PAGE = "notebooks/explorer.html";
const SEED = 20250701;
const BY_ADDRESS = 40;
const BY_HAND = 30;
const FROM_FOLDER = 8;

/** A small generator of random numbers (mulberry32), so that every run draws the same states. */
function generator(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function python(root, args, input = "") {
  const script = path.join(root, "tests", "browser", "expected.py");
  const answer = execFileSync(path.join(root, ".venv", "bin", "python"), [script, ...args], { input, maxBuffer: 1 << 28 });
  return JSON.parse(answer.toString());
}

const any = (random, list) => list[Math.floor(random() * list.length)];

function draw(random, choices) {
  const outcome = any(random, Object.keys(choices.outcomes));
  const data = any(random, Object.keys(choices.outcomes[outcome]));
  const measure = any(random, Object.keys(choices.models));
  const [model, tau2, ci] = any(random, choices.models[measure]);
  const studies = choices.outcomes[outcome][data].filter(() => random() < 0.7);
  return { outcome, data, measure, model, tau2, ci, studies };
}

function addressOf(state, choices) {
  const parts = { ...state, studies: state.studies.join(",") };
  if (Object.keys(choices.outcomes[state.outcome]).length < 2) delete parts.data;
  if (!state.tau2) { delete parts.tau2; delete parts.ci; }
  return "#" + Object.entries(parts).map(([key, value]) => `${key}=${value}`).join("&");
}

/** What the page shows: results by name, the rows of the table, what is switched on, and the picture's text. */
async function read(page) {
  return page.evaluate(() => {
    const box = document.querySelector(".explorer");
    const texts = {};
    for (const field of box.querySelectorAll("[data-value]")) texts[field.dataset.value] = field.textContent;
    const rows = [...box.querySelectorAll("tbody tr")].map((tr) => [...tr.cells].map((cell) => cell.textContent));
    const picture = box.querySelector("svg.forest-plot");
    return {
      texts, rows,
      on: [...box.querySelectorAll("[name=study]:checked")].map((c) => c.value),
      drawn: [...picture.querySelectorAll("text")].map((t) => t.textContent),
      squares: picture.querySelectorAll(".square:not(.off)").length,
      label: picture.getAttribute("aria-label"),
      message: box.querySelector(".message").textContent,
    };
  });
}

/** Where the page departs from what it must show, as texts; none if it agrees. */
function differences(shown, expected, state) {
  const wrong = [];
  const same = (what, found, wanted) => { if (found !== wanted) wrong.push(`${what}: "${found}", expected "${wanted}"`); };
  for (const [field, text] of Object.entries(expected.texts)) same(field, shown.texts[field], text);
  for (const field of ["heterogeneity", "prediction", "test"]) {
    if (!(field in expected.texts)) same(field, shown.texts[field], undefined);
  }
  same("studies", [...shown.on].sort().join(), [...state.studies].sort().join());
  expected.rows.forEach((row, i) => same(row.study, (shown.rows[i] || []).slice(0, 5).join(" | "), row.cells.join(" | ")));
  if (expected.texts.k) same("total", shown.rows[expected.rows.length][4], expected.texts.effect);
  for (const row of expected.rows) {
    if (!shown.drawn.includes(row.cells[4])) wrong.push(`the plot lacks ${row.cells[4]}`);
  }
  same("squares", shown.squares, expected.rows.filter((row) => row.on && row.weight !== null).length);
  if (expected.texts.k && !shown.label.includes(expected.texts.effect)) wrong.push("the plot's name lacks the result");
  same("message", shown.message, "");
  return wrong;
}

const settled = (page, state) =>
  page.waitForFunction((key) => document.querySelector(".explorer [data-value=effect]") &&
    document.querySelector(".explorer [name=outcome]").value === key, state.outcome);

/** Bring the page to a state with its own controls. */
async function choose(page, state) {
  const box = page.locator(".explorer");
  await box.locator("[name=outcome]").selectOption(state.outcome);
  await settled(page, state);
  await page.waitForFunction(([outcome, data]) => {
    const options = [...document.querySelector(".explorer [name=data]").options].map((o) => o.value);
    return options.includes(data) && document.querySelector(".explorer .studies div").dataset.shown.startsWith(`${outcome} `);
  }, [state.outcome, state.data]);
  if (await box.locator("[name=data]").isEnabled()) await box.locator("[name=data]").selectOption(state.data);
  await box.locator(`[name=measure][value=${state.measure}]`).check();
  await box.locator(`[name=model][value=${state.model}]`).check();
  for (const field of ["tau2", "ci"]) {
    if (await box.locator(`[name=${field}]`).isEnabled()) await box.locator(`[name=${field}]`).selectOption(state[field]);
  }
  for (const checkbox of await box.locator("[name=study]").all()) {
    await checkbox.setChecked(state.studies.includes(await checkbox.getAttribute("value")));
  }
}

/** Paste what was copied into a field of the page, and return it. */
async function pasted(page) {
  await page.evaluate(() => {
    const area = document.createElement("textarea");
    area.id = "pasted";
    document.body.append(area);
    area.focus();
  });
  await page.keyboard.press("Control+V");
  const text = await page.locator("#pasted").inputValue();
  await page.evaluate(() => document.getElementById("pasted").remove());
  return text;
}

function checkCsv(check, text, expected, state, where) {
  const [head, ...rows] = text.trim().split("\n").map((line) => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((c) => c.replace(/,$/, "")));
  const pooled = rows.find((row) => row[head.indexOf("row")] === "pooled");
  const names = { ...Object.fromEntries(Object.keys(expected.numbers).map((n) => [n, n])), I2: "I2_percent" };
  const wrong = Object.entries(expected.numbers).filter(([field, value]) => {
    const cell = pooled[head.indexOf(names[field])];
    return value === null ? cell !== "" : cell === "" || Math.abs(Number(cell) - value) > 1e-9 * Math.max(Math.abs(value), 1e-3);
  });
  check(wrong.length === 0, `${where}: the copied table holds the numbers of metalib.pool (${wrong.map(([f]) => f).join(", ") || "all"})`);
  const taking = rows.filter((row) => row[head.indexOf("takes_part")] === "yes").map((row) => row[head.indexOf("study")]);
  const wanted = expected.rows.filter((row) => row.on && row.weight !== null).map((row) => row.study);
  check(taking.join() === wanted.join() && rows.length === expected.rows.length + 1, `${where}: the copied table has every study`);
  check(rows.every((row) => row[0] === state.outcome && row[2] === state.measure), `${where}: the copied table names its choices`);
}

export async function run({ browser, base, root, check }) {
  const choices = python(root, ["--choices"]);
  const random = generator(SEED);
  const states = Array.from({ length: BY_ADDRESS + BY_HAND }, () => draw(random, choices));
  const expected = python(root, [], JSON.stringify(states));
  const agree = (shown, i, how) => {
    const wrong = differences(shown, expected[i], states[i]);
    check(wrong.length === 0, `${how} ${addressOf(states[i], choices)} shows what metalib.pool gives${wrong.length ? `; ${wrong.join("; ")}` : ""}`);
  };

  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
  const page = await context.newPage();
  const address = new URL(PAGE, base).href;
  const outside = [];
  page.on("request", (request) => { if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(base)) outside.push(request.url()); });

  // By link: each state in the address of a page that is open already.
  await page.goto(address);
  await page.waitForSelector(".explorer svg");
  check((await page.evaluate(() => location.hash)) === "", "without a choice the address stays as it is");
  check((await read(page)).texts.printed.includes("of 6 printed numbers reproduced"), "it begins with the article's own analysis");
  for (let i = 0; i < BY_ADDRESS; i += 1) {
    await page.evaluate((hash) => { location.hash = hash; }, addressOf(states[i], choices));
    await settled(page, states[i]);
    await page.waitForFunction((text) => document.querySelector(".explorer [data-value=effect]").textContent === text, expected[i].texts.effect, { timeout: 3000 }).catch(() => {});
    agree(await read(page), i, "link");
  }

  // By hand, and there and back: the address of each state, opened in a new page, shows the same.
  await page.goto("about:blank");
  await page.goto(address);
  await page.waitForSelector(".explorer svg");
  for (let i = BY_ADDRESS; i < states.length; i += 1) {
    await choose(page, states[i]);
    const shown = await read(page);
    agree(shown, i, "controls");
    check(new URL(page.url()).hash === addressOf(states[i], choices), `the address follows the controls: ${new URL(page.url()).hash}`);
    if (i % 5 === 0) {
      const other = await context.newPage();
      await other.goto(page.url());
      await other.waitForSelector(".explorer svg");
      await settled(other, states[i]);
      check(JSON.stringify(await read(other)) === JSON.stringify(shown), `a new page at ${new URL(page.url()).hash} shows the same`);
      await other.close();
    }
  }

  // The article's analysis again, announced, and the copies.
  const last = states.length - 1;
  await page.getByRole("button", { name: "Copy as CSV" }).click();
  await page.waitForFunction(() => document.querySelector(".explorer .message").textContent.includes("copied"));
  checkCsv(check, await pasted(page), expected[last], states[last], "http");
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForFunction(() => document.querySelector(".explorer .message").textContent.startsWith("Link copied"));
  check((await pasted(page)) === page.url(), "the copied link is the address of the page");
  await page.getByRole("button", { name: "Reset to the article’s analysis" }).click();
  check(/printed numbers reproduced/.test((await read(page)).texts.printed), "reset leads back to the article's analysis");
  const own = (await read(page)).texts.effect;
  await page.waitForFunction((text) => document.querySelector(".explorer .announced").textContent.includes(text), own, { timeout: 3000 }).catch(() => {});
  check((await page.locator(".explorer .announced").textContent()).includes(own), "the new result is announced to screen readers");

  // Links that do not fit: what is wrong is said, and something sensible is shown.
  for (const [hash, word] of [
    ["#outcome=xx", "outcome=xx"], ["#outcome=pr&model=Bayes", "model=Bayes"], ["#outcome=pr&measure=RR&model=Peto-fixed", "model=Peto-fixed"],
    ["#outcome=pr&studies=li2014,nobody", "nobody"], ["#outcome=pr&colour=red", "colour"], ["#outcome=pr&model=MH-fixed&ci=hksj", "ci=hksj"],
    ["#outcome=survival&data=candidate-99", "candidate-99"], ["#outcome=pr&model=MH-random&tau2=REML", "tau2=REML"],
  ]) {
    await page.goto("about:blank");
    await page.goto(address + hash);
    await page.waitForSelector(".explorer svg");
    const shown = await read(page);
    check(shown.message.includes(word) && shown.texts.effect.length > 3, `${hash} says what it did not follow: ${shown.message}`);
  }
  await page.goto("about:blank");
  await page.goto(`${address}#the-computation`);
  await page.waitForSelector(".explorer svg");
  check((await read(page)).message === "", "a link to a heading is no choice");

  // Keyboard only: from the first field through all of them with Tab, arrows and the space bar.
  await page.goto("about:blank");
  await page.goto(address);
  await page.waitForSelector(".explorer svg");
  await page.locator(".explorer [name=outcome]").focus();
  const focused = () => page.evaluate(() => document.activeElement.name || document.activeElement.className);
  const until = async (field) => {
    for (let i = 0; i < 12 && (await focused()) !== field; i += 1) await page.keyboard.press("Tab");
    return (await focused()) === field;
  };
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.querySelector(".explorer .studies div").dataset.shown.startsWith("pr "));
  check(await until("measure"), "the keyboard reaches the measures");
  await page.keyboard.press("ArrowRight");
  check(await until("model"), "the keyboard reaches the models");
  for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
  check(await until("tau2"), "the keyboard reaches tau²");
  await page.keyboard.press("End");
  check(await until("ci"), "the keyboard reaches the interval");
  await page.keyboard.press("ArrowDown");
  check(await until("study"), "the keyboard reaches the studies");
  await page.keyboard.press("Space");
  const outlined = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");
  check(outlined && (await focused()) === "study", "the field in use is visible and keeps the keyboard");
  const asked = await page.evaluate(() => Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
  const typed = { data: "recovered", tau2: "", ci: "wald", ...asked, studies: asked.studies.split(",") };
  check(typed.measure === "RR" && typed.model === "IV-random" && typed.tau2 === "REML" && typed.ci === "hksj" && typed.studies.length === 3,
    `the keyboard alone leads to ${JSON.stringify(asked)}`);
  const byKeys = differences(await read(page), python(root, [], JSON.stringify([typed]))[0], typed);
  check(byKeys.length === 0, `what the keyboard led to is what metalib.pool gives ${byKeys.join("; ")}`);

  check(outside.length === 0, `nothing is asked for outside the book ${outside.join(" ")}`);

  // From a folder: no server, no clipboard of the browser's own.
  const folder = pathToFileURL(path.join(root, "_build", "html", PAGE)).href;
  for (let i = 0; i < FROM_FOLDER; i += 1) {
    await page.goto("about:blank");
    await page.goto(folder + addressOf(states[i], choices));
    await page.waitForSelector(".explorer svg");
    await settled(page, states[i]);
    agree(await read(page), i, "file");
  }
  await page.getByRole("button", { name: "Copy as CSV" }).click();
  await page.waitForFunction(() => /copied/i.test(document.querySelector(".explorer .message").textContent));
  checkCsv(check, await pasted(page), expected[FROM_FOLDER - 1], states[FROM_FOLDER - 1], "file");

  // On a phone the page itself does not scroll sideways, and the plot keeps every study.
  const phone = await (await browser.newContext({ viewport: { width: 400, height: 800 } })).newPage();
  await phone.goto(address + addressOf(states[0], choices));
  await phone.waitForSelector(".explorer svg");
  await settled(phone, states[0]);
  agree(await read(phone), 0, "phone");
  check(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scrolling at 400 px");

  // Without scripts the page says where the results stand.
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await plain.goto(address);
  check(await plain.getByText("The main results stand in the chapters").isVisible(), "without scripts the page leads to the chapters");
  check(!(await plain.locator(".explorer").isVisible()), "without scripts no dead controls are shown");
  for (const opened of [context, phone.context(), plain.context()]) await opened.close();
}
