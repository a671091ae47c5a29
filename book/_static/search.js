// The search of the book: every word must occur on a page; where it stands decides how much it counts.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("search-results");
  if (!place || !window.bookIndex) return;
  const WEIGHTS = { title: 60, heading: 15, caption: 10, row: 14, text: 2 };
  const escape = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // A number is found whole (0.54, not 0.543); a word by its beginning.
  const pattern = (word) => (/^[\d.,-]+$/.test(word)
    ? new RegExp(`(?<![\\p{L}\\d.])${escape(word)}(?![\\d]|\\.\\d)`, "giu")
    : new RegExp(`(?<![\\p{L}\\p{N}])${escape(word)}`, "giu"));
  const count = (text, word) => (text.match(word) ?? []).length;

  function find(query) {
    const words = query.replaceAll("−", "-").trim().split(/\s+/).filter(Boolean).map(pattern);
    if (!words.length) return [];
    const found = [];
    for (const [address, title, parts] of window.bookIndex) {
      let score = 0;
      let best = null;
      const seen = words.map(() => 0);
      for (const [anchor, heading, captions, rows, text] of parts) {
        let here = 0;
        words.forEach((word, i) => {
          const hits = (heading === title ? 0 : count(heading, word) && WEIGHTS.heading) + (count(captions, word) && WEIGHTS.caption) +
            (count(rows, word) && WEIGHTS.row) + WEIGHTS.text * Math.log2(1 + count(text, word));
          here += hits;
          seen[i] += hits;
        });
        score += here;
        if (here && (!best || here > best.here)) best = { here, anchor, heading, captions, text };
      }
      words.forEach((word, i) => { if (count(title, word)) { score += WEIGHTS.title; seen[i] += 1; } });
      if (!seen.every(Boolean)) continue;
      const [anchor, heading, captions, text] = parts[0];
      found.push({ address, title, score, best: best ?? { anchor, heading, captions, text }, words });
    }
    return found.sort((a, b) => b.score - a.score);
  }

  /** The words around the first hit, with the hits marked. */
  function excerpt({ best, words }) {
    const text = [best.text, best.captions].find((t) => words.some((word) => t.search(word) >= 0)) ?? best.text;
    const hit = Math.max(0, ...words.map((word) => text.search(word)).filter((at) => at >= 0).slice(0, 1));
    const from = hit < 90 ? 0 : text.indexOf(" ", hit - 80) + 1;
    const shown = text.slice(from, from + 240);
    const line = document.createElement("p");
    line.className = "context";
    let last = 0;
    const marks = words.flatMap((word) => [...shown.matchAll(word)].map((m) => [m.index, m.index + m[0].length])).sort((a, b) => a[0] - b[0]);
    line.append(from ? "… " : "");
    for (const [start, end] of marks) {
      if (start < last) continue;
      const mark = document.createElement("mark");
      mark.textContent = shown.slice(start, end);
      line.append(shown.slice(last, start), mark);
      last = end;
    }
    line.append(shown.slice(last), text.length > from + 240 ? " …" : "");
    return line;
  }

  const query = new URLSearchParams(location.search).get("q") ?? "";
  const field = document.querySelector(".bd-search-container form.bd-search input");
  field.value = query;
  field.focus();
  if (!query.trim()) return;
  const found = find(query);
  const summary = document.createElement("p");
  summary.className = "search-summary";
  summary.setAttribute("role", "status");
  summary.textContent = found.length ? `${found.length} ${found.length === 1 ? "page has" : "pages have"} “${query}”.` : `No page has “${query}”. Numbers are found as they are shown, words by their beginning.`;
  const list = document.createElement("ul");
  list.className = "search";
  for (const one of found) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `${one.address}#${one.best.anchor}`;
    link.textContent = one.title;
    item.append(link);
    if (one.best.heading && one.best.heading !== one.title) item.append(` › ${one.best.heading}`);
    item.append(excerpt(one));
    list.append(item);
  }
  place.replaceChildren(summary, list);
});
