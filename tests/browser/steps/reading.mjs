// Reading a page: where links lead, whether tables can be read on a phone and on paper, what the page is called.
import { readFileSync } from "node:fs";

export const name = "reading";

export async function run({ check, open, root }) {
  // A link to a row of a long table leads to a row that is seen, below the heads that stay in view.
  for (const [path, ids] of [["notebooks/audit.html", ["p001", "p055", "p172"]], ["notebooks/data_lines.html", ["tables-6", "published-55"]]]) {
    for (const width of [1400, 390]) {
      for (const id of ids) {
        const page = await open(`${path}#${id}`, { width });
        const seen = await page.evaluate((wanted) => {
          const row = document.getElementById(wanted);
          const cell = row.cells[0];
          const { top, left, height, width: wide } = cell.getBoundingClientRect();
          const hit = document.elementFromPoint(left + Math.min(12, wide / 2), top + Math.min(10, height / 2));
          return row.contains(hit);
        }, id);
        check(seen, `${path}#${id} at ${width} px leads to a row in view`);
        await page.context().close();
      }
    }
  }

  // The reason of a verdict has room; the ledger shows many rows at once.
  const ledger = await open("notebooks/audit.html");
  const room = await ledger.evaluate(() => {
    const table = document.querySelector("#ledger table");
    const heads = [...table.querySelectorAll("thead th")];
    const width = (text) => heads.find((h) => h.textContent === text).getBoundingClientRect().width;
    const rows = [...table.querySelectorAll("tbody tr[id]")];
    const box = table.parentElement;
    return {
      reason: width("Reason"), verdict: width("Verdict"), fits: box.scrollWidth <= box.clientWidth + 1,
      high: rows.reduce((sum, row) => sum + row.getBoundingClientRect().height, 0) / rows.length,
    };
  });
  check(room.reason > 2 * room.verdict && room.high < 80 && room.fits,
    `the ledger fits its box and gives the reason room (reason ${Math.round(room.reason)} px, verdict ${Math.round(room.verdict)} px, rows of ${Math.round(room.high)} px)`);

  // On a desktop no table of results is cut; on a phone those of many columns are cards that name their columns.
  for (const path of ["notebooks/certainty.html", "notebooks/conclusions.html", "notebooks/subgroups.html", "notebooks/models.html", "index.html"]) {
    const wide = await open(path);
    const cut = await wide.evaluate(() => [...document.querySelectorAll("article .pst-scrollable-table-container")]
      .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.getAttribute("aria-label")));
    check(!cut.length, `${path}: no table is cut at 1400 px ${cut.join("; ")}`);
    const phone = await open(path, { width: 390 });
    const faults = await phone.evaluate(() => {
      const found = [];
      for (const table of document.querySelectorAll("article table.results")) {
        const heads = [...table.querySelectorAll("thead th, thead td")].map((h) => h.textContent.trim());
        const box = table.parentElement;
        if (heads.length < 4) continue;
        if (box.scrollWidth > box.clientWidth + 1) found.push(`${table.id} is wider than the phone`);
        for (const row of table.querySelectorAll("tbody tr")) {
          [...row.cells].slice(1).forEach((cell, i) => { if (cell.dataset.label !== heads[i + 1]) found.push(`${table.id}: ${cell.dataset.label}`); });
        }
        const first = table.querySelector("tbody [data-label]");
        if (first && getComputedStyle(first, "::before").content.replaceAll('"', "") !== first.dataset.label) found.push(`${table.id} shows no names`);
      }
      return found;
    });
    check(!faults.length, `${path}: tables of four and more columns are cards at 390 px ${faults.slice(0, 3).join("; ")}`);
    await wide.context().close();
    await phone.context().close();
  }

  // What scrolls says so, as long as there is more.
  const narrow = await open("notebooks/study_tables.html", { width: 390 });
  const cues = await narrow.evaluate(async () => {
    const boxes = [...document.querySelectorAll("article :is(.pst-scrollable-table-container, .filtered-box)")];
    const wrong = boxes.filter((box) => (box.scrollWidth > box.clientWidth + 1) !== Boolean(box.previousElementSibling?.matches(".scroll-cue:not([hidden])")));
    const box = boxes.find((one) => one.scrollWidth > one.clientWidth + 1);
    if (!box) return { wrong: wrong.length, scrolls: null };
    const before = box.hasAttribute("data-more");
    box.scrollLeft = box.scrollWidth;
    await new Promise((done) => setTimeout(done, 200));
    return { wrong: wrong.length, scrolls: before && !box.hasAttribute("data-more") };
  });
  check(cues.wrong === 0 && cues.scrolls !== false, "a table that scrolls says so, and no longer at its end");

  // Negative numbers have a minus sign.
  const signs = await ledger.evaluate(() => [...document.querySelectorAll("article :is(td, th, caption)")]
    .map((cell) => cell.innerText).filter((text) => /(^|[\s[(])-\d/.test(text)));
  check(!signs.length, `no hyphen stands for a minus in a table ${signs.slice(0, 3).join("; ")}`);

  // On paper no number of the ledger is broken, and no table runs out of the page.
  const paper = await open("notebooks/audit.html", { width: 718, media: "print" });
  const broken = await paper.evaluate(() => [...document.querySelectorAll("#ledger td.right")]
    .filter((cell) => cell.textContent.trim() && !/\s/.test(cell.textContent.trim()) && cell.getBoundingClientRect().height > 0)
    .filter((cell) => { const range = document.createRange(); range.selectNodeContents(cell); return range.getClientRects().length > 1; })
    .map((cell) => cell.textContent));
  check(!broken.length, `no number of the ledger is broken on paper ${broken.slice(0, 3).join(", ")}`);
  await paper.context().close();

  // One title, version, date and licence, and the citation for reference managers; no id twice.
  const title = /^title: "(.*)"$/m.exec(readFileSync(`${root}CITATION.cff`, "utf8"))[1];
  const version = /^version: (.*)$/m.exec(readFileSync(`${root}CITATION.cff`, "utf8"))[1];
  for (const path of ["index.html", "notebooks/audit.html", "search.html"]) {
    const page = await open(path);
    const seen = await page.evaluate(() => {
      const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
      return {
        title: document.title, brand: document.querySelector(".logo__title")?.textContent, heading: document.querySelector("h1")?.firstChild.textContent,
        foot: document.querySelector(".identity")?.textContent ?? "", files: [...document.querySelectorAll(".identity a[download]")].map((a) => a.href),
        twice: ids.filter((id, i) => ids.indexOf(id) !== i),
      };
    });
    check(seen.title.endsWith(title) && seen.brand === title && (path !== "index.html" || seen.heading === title), `${path} has the title of CITATION.cff`);
    check(seen.foot.includes(version) && /\d{4}-\d\d-\d\d/.test(seen.foot) && /licence/.test(seen.foot), `${path} says version, date and licence`);
    check(seen.files.length === 3, `${path} offers BibTeX, RIS and CSL-JSON`);
    check(!seen.twice.length, `${path} has no id twice ${seen.twice.join(", ")}`);
    if (path === "index.html") for (const file of seen.files) check((await page.request.get(file)).ok(), `${file.split("/").pop()} is there`);
    await page.context().close();
  }
}
