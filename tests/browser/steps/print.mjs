// Printed, a page is its content: no sidebar or buttons, nothing cut.
import { readdirSync } from "node:fs";

export const name = "print";

// A4 less its margins, in CSS pixels.
const PAPER = 718;

export async function run({ root, check, open }) {
  const html = `${root}_build/html/`;
  const chapters = ["index.html", ...["book", "notebooks"].flatMap((folder) =>
    readdirSync(html + folder).filter((file) => file.endsWith(".html")).sort().map((file) => `${folder}/${file}`))];
  const page = await open("index.html", { media: "print", width: PAPER });
  for (const chapter of chapters) {
    await page.goto(new URL(chapter, page.url().replace(/(book\/|notebooks\/)?[^/]*$/, "")).href, { waitUntil: "load" });
    const found = await page.evaluate((paper) => {
      const shown = (selector) => [...document.querySelectorAll(selector)].some((node) => node.checkVisibility() && node.getClientRects().length);
      const name = (node) => `${node.tagName.toLowerCase()} ${node.id || node.className}`;
      // A box that scrolls on the screen cuts what it holds on paper.
      const cut = [...document.querySelectorAll("article *:not(mjx-container *, .visually-hidden)")].filter((node) => {
        const style = getComputedStyle(node);
        return style.overflowX !== "visible" && node.clientWidth && node.scrollWidth > node.clientWidth + 1;
      });
      const wide = [...document.querySelectorAll("article table, article img")].filter((node) => node.getBoundingClientRect().right > paper + 1);
      return {
        furniture: ["#pst-primary-sidebar", ".bd-sidebar-secondary", ".article-header-buttons", ".prev-next-footer"].filter(shown),
        cut: [...new Set([...cut, ...wide].map(name))],
        text: document.querySelector("article").innerText.length,
      };
    }, PAPER);
    check(!found.furniture.length && !found.cut.length && found.text > 200,
      `${chapter} is printed whole and alone${found.furniture.concat(found.cut).map((name) => `; ${name}`).join("")}`);
  }
}
