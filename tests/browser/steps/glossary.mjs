// A term shows its definition under the pointer and for the keyboard, and lets it be read and dismissed.
export const name = "glossary";

export async function run({ check, open }) {
  const glossary = await open("book/glossary.html");
  const meaning = await glossary.locator("#term-odds-ratio + dd, dt:has(#term-odds-ratio) + dd").first().innerText();
  for (const width of [1400, 390]) {
    const page = await open("index.html", { width });
    const term = page.locator("a:has(> .std-term)", { hasText: "odds ratio" }).first();
    const tip = page.getByRole("tooltip");
    const shows = async (how) => check((await tip.innerText()).trim() === meaning.trim(), `${how} shows the definition at ${width} px`);
    check(await tip.isHidden(), `no definition is shown at first (${width} px)`);
    await term.focus();
    await shows("focus");
    check((await term.getAttribute("aria-describedby")) === (await tip.getAttribute("id")), "the definition describes the term");
    const box = await tip.boundingBox();
    check(box.x >= 0 && box.x + box.width <= width, `the definition stays on the page (${width} px)`);
    await page.keyboard.press("Escape");
    check(await tip.isHidden(), "Escape dismisses it");
    check((await term.getAttribute("aria-describedby")) === null, "a dismissed definition describes nothing");
    await term.hover();
    await shows("the pointer");
    await tip.hover();
    await page.waitForTimeout(400);
    check(await tip.isVisible(), "the pointer may move into the definition");
    await page.mouse.move(0, 0);
    await tip.waitFor({ state: "hidden" });
    check(await tip.isHidden(), "it goes when the pointer leaves");
    check((await term.getAttribute("title")) === null, "the browser does not show the definition a second time");
  }
}
