// The buttons deliver the notebook, its script and the data, each as it stands in the repository.
import { readFileSync, readdirSync } from "node:fs";

export const name = "downloads";

async function delivered(page, click) {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return { file: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

export async function run({ root, check, open }) {
  const notebooks = `${root}notebooks/`;
  const page = await open("notebooks/audit.html");
  for (const [kind, button] of [["ipynb", "source"], ["py", "script"]]) {
    await page.locator(".dropdown-download-buttons > button").click();
    const link = page.locator(`.btn-download-${button}-button`);
    const { file, text } = await delivered(page, () => link.click());
    check(file === `audit.${kind}`, `the menu of downloads delivers audit.${kind} (${file})`);
    check(text === readFileSync(`${notebooks}audit.${kind}`, "utf8"), `audit.${kind} is the one of the repository`);
    await page.keyboard.press("Escape");
  }
  const offered = new Map();
  const without = [];
  const chapters = readdirSync(notebooks).filter((file) => file.endsWith(".ipynb")).map((file) => file.replace("ipynb", "html"));
  for (const chapter of chapters) {
    const visited = await open(`notebooks/${chapter}`);
    if ((await visited.locator(".btn-download-script-button").count()) !== 1) without.push(chapter);
    for (const link of await visited.locator("article a.download").all()) {
      const { file, text } = await delivered(visited, () => link.click());
      offered.set(file, text);
    }
    await visited.close();
  }
  check(!without.length, `all ${chapters.length} chapters that are notebooks offer their script ${without}`);
  for (const file of readdirSync(`${notebooks}downloads`).sort()) {
    check(offered.get(file) === readFileSync(`${notebooks}downloads/${file}`, "utf8"), `${file} is delivered as stored`);
  }
  for (const [file, text] of offered) {
    if (file.endsWith(".json")) check(Object.keys(JSON.parse(text)).length > 0, `${file} is JSON`);
    if (file.endsWith(".csv")) check(text.trim().split("\n").length > 1, `${file} has rows`);
  }
  check([".csv", ".json"].every((end) => [...offered.keys()].some((file) => file.endsWith(end))), "both CSV and JSON are offered");
}
