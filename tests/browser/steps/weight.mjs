// What a page weighs, and how soon something is seen: bytes as budgets, times as a report (they depend on the machine).
import { readdirSync, writeFileSync } from "node:fs";

export const name = "weight";

const FIRST = { bytes: 250_000, requests: 12 };
const ANY = { bytes: 450_000 };
// Fast 3G and a processor four times slower.
const NETWORK = { offline: false, latency: 562.5, downloadThroughput: (1.6e6 / 8) * 0.9, uploadThroughput: (750e3 / 8) * 0.9 };
const SLOWER = 4;
const TIMED = ["index.html", "notebooks/partial_response.html", "notebooks/explorer.html", "notebooks/audit.html", "search.html?q=0.54"];

export async function run({ browser, base, root, check }) {
  const html = `${root}_build/html/`;
  const pages = readdirSync(html, { recursive: true }).filter((file) => /^(book\/|notebooks\/)?[^/]+\.html$/.test(file)).sort();
  const lines = ["# What pages weigh and how soon they are seen", "", "| page | kB over the wire | requests | first paint, s | largest paint, s | layout shift |", "| :--- | ---: | ---: | ---: | ---: | ---: |"];
  const measure = async (path, slow) => {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    let [bytes, requests] = [0, 0];
    session.on("Network.loadingFinished", ({ encodedDataLength }) => { bytes += encodedDataLength; requests += 1; });
    if (slow) {
      await session.send("Network.emulateNetworkConditions", NETWORK);
      await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    }
    await page.addInitScript(() => {
      window.seen = { shift: 0, largest: 0 };
      new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) window.seen.shift += e.value; })).observe({ type: "layout-shift", buffered: true });
      new PerformanceObserver((list) => list.getEntries().forEach((e) => { window.seen.largest = e.startTime; })).observe({ type: "largest-contentful-paint", buffered: true });
    });
    await page.goto(base + path, { waitUntil: "networkidle" });
    const times = await page.evaluate(() => ({ ...window.seen, first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null }));
    await context.close();
    return { bytes, requests, ...times };
  };
  for (const path of pages) {
    const { bytes, requests } = await measure(path, false);
    const most = path === "index.html" ? FIRST : ANY;
    check(bytes > 10_000 && bytes <= most.bytes && requests <= (most.requests ?? 99), `${path}: ${Math.round(bytes / 1000)} kB in ${requests} requests`);
    const timed = TIMED.find((one) => one.split("?")[0] === path);
    const slow = timed ? await measure(timed, true) : null;
    const seconds = (value) => (value ? (value / 1000).toFixed(2) : "");
    lines.push(`| ${timed ?? path} | ${Math.round(bytes / 1000)} | ${requests} | ${seconds(slow?.first)} | ${seconds(slow?.largest)} | ${slow ? slow.shift.toFixed(3) : ""} |`);
  }
  writeFileSync(`${root}_build/browser/weight.md`, `${lines.join("\n")}\n`);
}
