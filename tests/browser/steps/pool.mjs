// The arithmetic for own counts (pool.js) against metalib: random meta-analyses, every golden set, and the distributions.
import { execFileSync } from "node:child_process";
import path from "node:path";

export const name = "pool";

const RANDOM = 2500;
const CLOSE = 1e-9;

export async function run({ root, check, open }) {
  const script = path.join(root, "tests", "browser", "expected.py");
  const answer = execFileSync(path.join(root, ".venv", "bin", "python"), [script, "--pool", String(RANDOM)], { maxBuffer: 1 << 30 });
  const { cases, distributions } = JSON.parse(answer.toString());
  const page = await open("notebooks/explorer.html");
  await page.waitForFunction(() => window.metalibPool);

  const compare = (given) => page.evaluate(({ list, close }) => {
    const far = (a, b) => (a === null || b === null ? a !== b : Math.abs(a - b) > close * Math.max(1, Math.abs(a), Math.abs(b)));
    const wrong = [];
    let numbers = 0;
    for (const { from, tables, options, expected } of list) {
      const found = window.metalibPool.pool(tables.map(([events_t, n_t, events_c, n_c]) => ({ events_t, n_t, events_c, n_c })), options);
      for (const [key, value] of Object.entries(expected)) {
        const pairs = key === "weights" ? value.map((w, i) => [w, found.weights[i]]) : [[value, found[key]]];
        for (const [a, b] of pairs) {
          numbers += 1;
          if (far(a, b)) wrong.push(`${from} ${Object.values(options).join(" ")}: ${key} ${b}, metalib ${a}`);
        }
      }
    }
    return { wrong, numbers };
  }, { list: given, close: CLOSE });

  const random = cases.filter((one) => one.from.startsWith("random"));
  const golden = cases.filter((one) => !one.from.startsWith("random"));
  const sets = new Set(random.map((one) => one.from)).size;
  const names = new Set(golden.map((one) => one.from)).size;
  const first = await compare(random);
  check(sets >= 2000 && first.numbers > 20000 && !first.wrong.length,
    `${sets} random meta-analyses, ${random.length} results, ${first.numbers} numbers agree with metalib at 1e-9 ${first.wrong.slice(0, 3).join("; ")}`);
  const second = await compare(golden);
  check(names >= 100 && !second.wrong.length,
    `all ${names} golden sets, ${golden.length} results, ${second.numbers} numbers agree with metalib at 1e-9 ${second.wrong.slice(0, 3).join("; ")}`);
  const altered = structuredClone(golden.slice(0, 50));
  for (const one of altered) one.tables[0][0] += one.tables[0][0] < one.tables[0][1] ? 1 : -1;
  check((await compare(altered)).wrong.length >= 50, "a patient more or less is noticed");

  const off = await page.evaluate((list) => list.filter(([call, args, value]) => {
    const found = window.metalibPool[call](...args);
    return Math.abs(found - value) > 1e-12 * Math.max(Math.abs(value), 1e-280);
  }).map(([call, args, value]) => `${call}(${args}) = ${window.metalibPool[call](...args)}, not ${value}`), distributions);
  check(distributions.length > 300 && !off.length, `${distributions.length} values of the distributions are exact to 1e-12 ${off.slice(0, 4).join("; ")}`);

  // Typed and pasted counts, through the page.
  const area = page.locator(".own-counts textarea");
  const head = page.locator(".own-counts .headline strong");
  await page.waitForFunction(() => document.querySelector(".own-counts textarea")?.value);
  check((await head.textContent()) === (await page.locator(".explorer .headline strong").first().textContent()) || (await page.locator(".explorer [name=model]:checked").getAttribute("value")) !== "MH-fixed",
    "the counts shown are offered to begin with");
  for (const text of ["study,events_t,n_t,events_c,n_c\na,10,50,20,50\nb,4,40,9,40", "a\t10\t50\t20\t50\nb\t4\t40\t9\t40", "a 10/50 20/50\nb 4/40 9/40", "Trial 2016; 10; 50; 20; 50\n\nTrial 2017: 4/40, 9/40\n"]) {
    await area.fill(text);
    check((await head.textContent()) === "0.38 [0.18, 0.79]", `${JSON.stringify(text.slice(0, 30))} is read as counts: ${await head.textContent()}`);
  }
  for (const [text, why] of [["a,10,50,20,50\nb,41,40,9,40", /line 2: more events/], ["a,10,50,20,50\nb,x,40,9,40", /line 2/], ["a,1.5,40,2,40", /line 1/], ["a,-1,40,2,40", /line 1/], ["a,0,0,2,40", /without patients/]]) {
    await area.fill(text);
    const said = await page.locator(".own-counts .message").textContent();
    check(why.test(said), `${JSON.stringify(text)} is refused with its place: ${said}`);
  }
  await area.fill("a,0,40,0,40");
  check(/not estimable/.test(await head.textContent()), "no events at all: not estimable is said, no number shown");
  await page.locator(".own-counts [name=measure]").selectOption("RD");
  check((await head.textContent()) === "0.00 [−0.05, 0.05]", `a risk difference exists without events: ${await head.textContent()}`);
  await area.fill("<img src=x onerror=alert(1)>,1,40,2,40");
  check((await page.locator(".own-counts img").count()) === 0, "what is typed is shown as text");
}
