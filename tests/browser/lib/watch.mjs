// A page that is watched while it loads and runs: what it asks for, what is missing, what it logs.

export function watch(page, home) {
  const seen = { outside: [], missing: [], errors: [] };
  const note = (list, text) => {
    if (!list.includes(text)) list.push(text);
  };
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(home) && !/^(data|blob|about):/.test(url)) note(seen.outside, url);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) note(seen.missing, response.url());
  });
  page.on("requestfailed", (request) => {
    // What was still on its way when the page was left is not missing.
    if (request.url().startsWith(home) && request.failure()?.errorText !== "net::ERR_ABORTED") note(seen.missing, `${request.url()} (${request.failure()?.errorText})`);
  });
  page.on("console", (message) => {
    if (message.type() === "error") note(seen.errors, message.text());
  });
  page.on("pageerror", (error) => note(seen.errors, String(error)));
  return seen;
}

// Scripts that were put off have run, MathJax has typeset, fonts and pictures are there.
export async function settle(page) {
  await page.evaluate(async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  });
}
