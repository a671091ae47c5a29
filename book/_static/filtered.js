// Search and filter for tables of class "filtered". The table is complete without this script.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".filtered")) {
    const form = box.querySelector("form");
    const count = form.querySelector("output");
    const search = form.querySelector("input");
    const selects = [...form.querySelectorAll("select")];
    const rows = [...box.querySelectorAll("tbody tr")];
    const total = rows.filter((row) => !row.classList.contains("group")).length;
    const update = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let heading = null;
      let used = false;
      let shown = 0;
      const close = () => { if (heading) heading.hidden = !used; };
      for (const row of rows) {
        if (row.classList.contains("group")) {
          close();
          heading = row;
          used = false;
          continue;
        }
        const text = `${heading ? heading.textContent : ""} ${row.textContent}`.toLowerCase();
        const chosen = selects.every((s) => !s.value || row.cells[s.dataset.column].textContent === s.value);
        row.hidden = !(chosen && words.every((word) => text.includes(word)));
        if (!row.hidden) { used = true; shown += 1; }
      }
      close();
      count.textContent = `${shown} of ${total} rows`;
    };
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    update();
  }
});
