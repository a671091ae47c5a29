// The search of the book finds a term of the field, over http and from file://.
export const name = "search";

const WORD = "heterogeneity";

export async function run({ check, open }) {
  for (const from of ["http", "file"]) {
    const page = await open(`search.html?q=${WORD}`, { from });
    const hits = page.locator("ul.search li a");
    await hits.first().waitFor({ timeout: 10000 });
    // The list grows, one hit at a time, until the summary is there.
    await page.locator("p.search-summary").waitFor({ state: "visible", timeout: 10000 });
    check((await hits.count()) > 1, `${from}: the search finds "${WORD}" on ${await hits.count()} pages or more than one`);
    await hits.first().click();
    await page.waitForLoadState();
    const text = (await page.locator("article").innerText()).toLowerCase();
    check(text.includes(WORD), `${from}: the first hit, ${page.url().split("/").pop().split("?")[0]}, holds the word`);
  }
  const page = await open("index.html");
  await page.keyboard.press("Control+k");
  const field = page.locator("#pst-search-dialog input[name=q]");
  await field.fill(WORD);
  await field.press("Enter");
  await page.waitForURL(/search\.html\?q=/);
  await page.locator("ul.search li a").first().waitFor({ timeout: 10000 });
  check(true, "the search opens with Ctrl+K and leads to the results");
}
