// Opens every page of the built book in Chromium and checks it; see README.md.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { axe, links, look } from "./lib/checks.mjs";
import { countFaults, markdown, terminal } from "./lib/report.mjs";
import { serve } from "./lib/server.mjs";
import { settle, watch } from "./lib/watch.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const html = join(root, "_build/html/");
const out = join(root, "_build/browser/");
const executablePath = findBrowser();
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const CHECKS = ["outside", "missing", "errors", "sideways", "formulas", "axe", "pictures", "tables", "links"];
const VIEWS = [
  { name: "1400 light", width: 1400, scheme: "light", picture: "desktop" },
  { name: "400 light", width: 400, scheme: "light", picture: "phone" },
  { name: "1400 dark", width: 1400, scheme: "dark", picture: "desktop-dark" },
  { name: "400 dark", width: 400, scheme: "dark" },
  { name: "file", width: 1400, scheme: "light", from: "file" },
];
// Only pages whose path holds one of the words given on the command line, if any are.
const wanted = process.argv.slice(2);

function stop(why) {
  console.error(why);
  process.exit(2);
}
function findBrowser() {
  const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : ["chromium", "chromium-browser", "google-chrome"];
  const places = names.flatMap((name) => process.env.PATH.split(delimiter).map((folder) => resolve(folder, name)));
  return places.find((place) => existsSync(place)) ?? stop(`No ${names[0]} found: apt-get install chromium, or set CHROMIUM to its path.`);
}
if (!existsSync(html)) stop("There is no book: run `make book` first.");
const everyPage = readdirSync(html, { recursive: true })
  .filter((file) => file.endsWith(".html") && !/^(_static|_sources|_downloads|_images|examples)\//.test(file))
  .sort();
const pages = everyPage.filter((file) => !wanted.length || wanted.some((word) => file.includes(word)));
if (!pages.length) stop(`No page is named like ${wanted}.`);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const started = Date.now();
const server = await serve(html);
const homes = { http: server.base, file: pathToFileURL(html).href };
const browser = await chromium.launch({
  executablePath,
  // No name but this machine's own is ever found, so that nothing can be fetched from outside.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});

function newContext({ width, scheme }) {
  return browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    reducedMotion: "reduce",
    serviceWorkers: "block",
    acceptDownloads: true,
  });
}

const results = new Map(pages.map((page) => [page, Object.fromEntries(CHECKS.map((check) => [check, []]))]));

// All checks of one page in one view: the faults of each.
async function visit(context, view, path, home = homes[view.from ?? "http"], folder = html) {
  const page = await context.newPage();
  const seen = watch(page, home);
  await page.goto(home + path, { waitUntil: "load" });
  await settle(page);
  if (view.picture) await page.screenshot({ path: `${out}${path.replaceAll("/", "-")}.${view.picture}.png`, fullPage: true });
  // Folded code is part of the page too; it fades in.
  await page.evaluate(async () => {
    document.querySelectorAll("details").forEach((box) => (box.open = true));
    await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
  });
  // Folded formulas are set once they are opened.
  if (await page.locator("article .math").count()) {
    await page.waitForFunction(() => window.MathJax?.startup?.promise && document.querySelector("mjx-container"), null, { timeout: 15000 }).catch(() => {});
    await settle(page);
  }
  const faults = { ...(await look(page)), links: await links(page, home, pathToFileURL(folder)) };
  // Over file:// the page is the same; what can differ is what it loads.
  faults.axe = view.from === "file" ? [] : await axe(page, axeSource);
  Object.assign(faults, { outside: seen.outside, missing: seen.missing, errors: seen.errors });
  await page.close();
  return faults;
}

async function visitAll(view) {
  const context = await newContext(view);
  for (const path of pages) {
    try {
      const faults = await visit(context, view, path);
      for (const check of CHECKS) results.get(path)[check].push(...faults[check].map((fault) => `${view.name}: ${fault}`));
    } catch (error) {
      results.get(path).errors.push(`${view.name}: ${error}`);
    }
  }
  await context.close();
}

async function runStep(file) {
  const { name, run } = await import(new URL(`steps/${file}`, import.meta.url));
  const records = [];
  const check = (ok, message) => {
    records.push({ ok: Boolean(ok), message });
    return Boolean(ok);
  };
  const opened = [];
  const open = async (path, { width = 1400, scheme = "light", media = "screen", from = "http" } = {}) => {
    const context = await newContext({ width, scheme });
      const page = await context.newPage();
    opened.push({ context, path, seen: watch(page, homes[from]) });
    await page.emulateMedia({ media, colorScheme: scheme });
    await page.goto(homes[from] + path, { waitUntil: "load" });
    await settle(page);
    return page;
  };
  try {
    await run({ browser, base: server.base, root, check, open });
    if (!records.length) check(false, "records at least one result");
  } catch (error) {
    check(false, `runs to its end (${error})`);
  }
  for (const { context, path, seen } of opened) {
    for (const kind of ["outside", "missing", "errors"]) {
      for (const fault of seen[kind]) check(false, `${path}: ${kind}: ${fault}`);
    }
    await context.close();
  }
  return { name, records };
}

// A page with one fault of each kind: what does not see it checks nothing.
async function provesItself() {
  const folder = fileURLToPath(new URL("fixture/", import.meta.url));
  const fixture = await serve(folder);
  const context = await newContext({ width: 400, scheme: "light" });
  const faults = await visit(context, { from: "http" }, "faulty.html", fixture.base, folder);
  await context.close();
  fixture.close();
  return { name: "self-test", records: CHECKS.map((check) => ({ ok: faults[check].length > 0, message: `the check "${check}" finds the planted fault` })) };
}

// Two at a time: the machines that run this have two cores.
const queue = [...VIEWS];
const worker = async () => {
  for (let view = queue.shift(); view; view = queue.shift()) await visitAll(view);
};
await Promise.all([worker(), worker()]);

const steps = [await provesItself()];
for (const file of readdirSync(new URL("steps/", import.meta.url)).filter((name) => name.endsWith(".mjs")).sort()) {
  if (!wanted.length || wanted.some((word) => file.includes(word))) steps.push(await runStep(file));
}
await browser.close();
server.close();

const report = { checks: CHECKS, views: VIEWS, results, steps, seconds: (Date.now() - started) / 1000 };
writeFileSync(`${out}report.md`, markdown(report));
console.log(terminal(report));
process.exit(countFaults(report) ? 1 : 0);
