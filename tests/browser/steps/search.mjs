// The search of the book: words and numbers, the page with the table before one with a mention, text and no code.
export const name = "search";

const WORD = "heterogeneity";
const CHAPTER = "notebooks/partial_response.html";

export async function run({ check, open }) {
  const find = async (query, from = "http") => {
    const page = await open(`search.html?q=${encodeURIComponent(query)}`, { from });
    await page.locator("p.search-summary").waitFor({ state: "visible", timeout: 10000 });
    const hits = await page.locator("ul.search li").evaluateAll((items) => items.map((item) => ({
      href: item.querySelector("a").getAttribute("href"), text: item.querySelector(".context").textContent, marked: [...item.querySelectorAll("mark")].map((m) => m.textContent),
    })));
    return { page, hits };
  };
  for (const from of ["http", "file"]) {
    const { page, hits } = await find(WORD, from);
    check(hits.length > 1, `${from}: the search finds "${WORD}" on ${hits.length} pages`);
    await page.locator("ul.search li a").first().click();
    await page.waitForLoadState();
    const text = (await page.locator("article").innerText()).toLowerCase();
    check(text.includes(WORD), `${from}: the first hit, ${page.url().split("/").pop()}, holds the word`);

    const number = await find("0.54", from);
    check(number.hits.length > 2 && /adverse_events/.test(number.hits[0].href), `${from}: "0.54" is found, first on the page of its result (${number.hits[0]?.href})`);
    check(number.hits.every((hit) => hit.marked.every((m) => m === "0.54")), `${from}: only the number itself is marked`);
  }
  const study = await find("Ding");
  const rank = (part) => study.hits.findIndex((hit) => hit.href.includes(part));
  check(rank("study_characteristics") >= 0 && rank("study_characteristics") < 4 && (rank("every_subset") < 0 || rank("every_subset") > rank("study_tables")),
    `"Ding": the tables of the study come before a mention (${study.hits.slice(0, 4).map((hit) => hit.href.split("#")[0]).join(", ")})`);
  // Numbers and code are taken from a page as it is: one that is shown is found there, a line of code nowhere.
  const chapter = await open(CHAPTER);
  const [negative, lines] = await chapter.evaluate(() => [
    document.querySelector("article").textContent.match(/(?<=[\s[(])−\d+\.\d{2,}/)?.[0],
    [...document.querySelectorAll(".cell_input pre")].flatMap((pre) => pre.textContent.split("\n")).map((line) => line.trim()).filter((line) => line.length > 15),
  ]);
  await chapter.close();
  const minus = await find(negative);
  check(negative && minus.hits.some((hit) => hit.href.includes(CHAPTER)), `a number with a minus sign, ${negative}, is found on its page`);
  const shown = [];
  for (const line of lines.slice(0, 4)) shown.push(...(await find(line)).hits);
  shown.push(...(await find("import")).hits, ...(await find("review.tables_of")).hits);
  const code = shown.map((hit) => hit.text).filter((text) => lines.some((line) => text.includes(line)));
  check(lines.length > 4 && !code.length, `what is shown is text, not code ${code.slice(0, 2).join("; ")}`);
  const nothing = await find("zzzz");
  check(nothing.hits.length === 0 && /No page/.test(await nothing.page.locator("p.search-summary").textContent()), "nothing found is said");

  const page = await open("index.html");
  await page.keyboard.press("Control+k");
  const field = page.locator("#pst-search-dialog input[name=q]");
  await field.fill(WORD);
  await field.press("Enter");
  await page.waitForURL(/search\.html\?q=/);
  await page.locator("ul.search li a").first().waitFor({ timeout: 10000 });
  check(true, "the search opens with Ctrl+K and leads to the results");
}
