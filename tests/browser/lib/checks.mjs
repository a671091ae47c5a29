// What must hold for every page. Each check returns a list of faults: none means that it holds.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// These run inside the page.
const inside = {
  sideways: () => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const faults = [];
    if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} px wide, the window ${clientWidth}`);
    // The theme hides what sticks out of its columns, so look at the content itself: nothing may be cut, and
    // only a box that is made to scroll may be wider than the window.
    const boxed = (node) => {
      for (let box = node.parentElement; box && box.tagName !== "MAIN"; box = box.parentElement) {
        if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(box).overflowX)) return true;
      }
      return false;
    };
    for (const node of document.querySelectorAll("article.bd-article *")) {
      const { left, right, width } = node.getBoundingClientRect();
      if (width > 1 && (right > clientWidth + 1 || left < -1) && node.checkVisibility() && !boxed(node)) {
        faults.push(`${node.tagName.toLowerCase()}.${node.className || "-"} reaches ${Math.round(right)} px`);
      }
    }
    return faults.slice(0, 5);
  },
  formulas: () => {
    const faults = [];
    for (const node of document.querySelectorAll(".math")) {
      if (!node.querySelector("mjx-container")) faults.push(`not typeset: ${node.textContent.slice(0, 60)}`);
    }
    for (const node of document.querySelectorAll("mjx-merror")) faults.push(`formula with an error: ${node.textContent}`);
    const walker = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { parentElement, data } = walker.currentNode;
      if (/\\[(\[]|\$\$/.test(data) && !parentElement.closest("pre, code, script, style, mjx-container")) {
        faults.push(`raw formula: ${data.trim().slice(0, 60)}`);
      }
    }
    return faults;
  },
  pictures: () => {
    const faults = [];
    for (const image of document.querySelectorAll("img")) {
      const alt = image.getAttribute("alt") ?? "";
      const source = image.getAttribute("src");
      if (!image.complete || !image.naturalWidth) faults.push(`${source} did not load`);
      if (alt.length < 30) faults.push(`${source}: alternative text "${alt}" says nothing`);
      if (image.closest("figure") && !/\d/.test(alt)) faults.push(`${source}: alternative text without a result`);
    }
    return faults;
  },
  tables: () => {
    const faults = [];
    for (const table of document.querySelectorAll("table")) {
      const name = table.caption?.textContent.trim().slice(0, 40) || table.id || "table without caption";
      const heads = [...table.querySelectorAll("th")];
      if (!heads.length) faults.push(`${name}: no headings`);
      if (heads.some((head) => !head.textContent.trim())) faults.push(`${name}: an empty heading`);
    }
    return faults;
  },
};

export async function look(page) {
  const faults = {};
  for (const [name, check] of Object.entries(inside)) faults[name] = await page.evaluate(check);
  return faults;
}

export async function axe(page, source) {
  await page.evaluate(source);
  const violations = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
  return violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")} (${node.failureSummary?.split("\n")[1]?.trim() ?? ""})`),
  );
}

// Internal links, read as files, so that the check is the same for http and for file://.
const targets = new Map();
function idsOf(file) {
  if (!targets.has(file)) {
    const text = readFileSync(file, "utf8");
    targets.set(file, new Set([...text.matchAll(/\s(?:id|name)="([^"]+)"/g)].map((match) => match[1])));
  }
  return targets.get(file);
}

export async function links(page, base, site) {
  const found = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((a) => a.href));
  const faults = new Set();
  for (const href of found) {
    if (!href.startsWith(base)) continue;
    const url = new URL(href.slice(base.length) || "index.html", site);
    const file = fileURLToPath(new URL(url.pathname, site));
    const anchor = decodeURIComponent(url.hash.slice(1));
    if (!existsSync(file)) faults.add(`${url.pathname} is not there`);
    // A state of the explorer (outcome=...) is no place on its page; the step "plots" opens such states.
    else if (anchor && !/^\w+=/.test(anchor) && file.endsWith(".html") && !idsOf(file).has(anchor)) faults.add(`${url.pathname} has no #${anchor}`);
  }
  return [...faults];
}
