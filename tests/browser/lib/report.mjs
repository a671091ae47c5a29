// The outcome as a table of pages by checks, for the terminal and as Markdown.

// Faults of one page and check that are spelled out; the rest are counted.
const SHOWN = 8;

const mark = (faults) => (faults.length ? String(faults.length) : "ok");

function faultsOf({ results, steps }) {
  const lines = [];
  for (const [page, row] of results) {
    for (const [check, faults] of Object.entries(row)) {
      for (const fault of faults.slice(0, SHOWN)) lines.push(`${page}: ${check}: ${fault}`);
      if (faults.length > SHOWN) lines.push(`${page}: ${check}: ${faults.length - SHOWN} more`);
    }
  }
  for (const { name, records } of steps) {
    for (const { ok, message } of records) if (!ok) lines.push(`${name}: ${message}`);
  }
  return lines;
}

export function countFaults({ results, steps }) {
  const onPages = [...results.values()].flatMap((row) => Object.values(row).flat());
  return onPages.length + steps.flatMap(({ records }) => records.filter(({ ok }) => !ok)).length;
}

function summary(report) {
  const { results, views, checks, steps, seconds } = report;
  const records = steps.flatMap((step) => step.records).length;
  const names = views.map((view) => view.name).join(", ");
  return `${results.size} pages x ${checks.length} checks, each in ${views.length} views (${names}); ${records} results of ` +
    `${steps.length} steps; ${countFaults(report)} faults; ${Math.round(seconds)} s`;
}

export function terminal(report) {
  const width = Math.max(...[...report.results.keys()].map((page) => page.length));
  const lines = [["".padEnd(width), ...report.checks].join("  ")];
  for (const [page, row] of report.results) {
    lines.push([page.padEnd(width), ...report.checks.map((check) => mark(row[check]).padEnd(check.length))].join("  "));
  }
  for (const { name, records } of report.steps) {
    lines.push("", `${name}:`);
    for (const { ok, message } of records) lines.push(`  ${ok ? "ok   " : "FAULT"} ${message}`);
  }
  const faults = faultsOf(report);
  if (faults.length) lines.push("", ...faults.map((fault) => `FAULT ${fault}`));
  return [...lines, "", summary(report)].join("\n");
}

export function markdown(report) {
  const faults = faultsOf(report);
  const lines = ["# Browser tests", "", summary(report), ""];
  lines.push(`| page | ${report.checks.join(" | ")} |`, `| :--- |${" :---: |".repeat(report.checks.length)}`);
  for (const [page, row] of report.results) {
    lines.push(`| ${page} | ${report.checks.map((check) => mark(row[check])).join(" | ")} |`);
  }
  for (const { name, records } of report.steps) {
    lines.push("", `## ${name}`, "", ...records.map(({ ok, message }) => `* ${ok ? "ok" : "**fault**"}: ${message}`));
  }
  if (faults.length) lines.push("", "## Faults", "", ...faults.map((fault) => `* ${fault}`));
  return `${lines.join("\n")}\n`;
}
