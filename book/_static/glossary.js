// Definitions of terms, on hover and on focus. Without this script the browser shows them as titles, on hover only.
document.addEventListener("DOMContentLoaded", () => {
  const tip = document.createElement("div");
  tip.id = "definition";
  tip.className = "definition";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  let shown = null;
  let timer = 0;
  const hide = () => {
    if (shown) shown.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  };
  // Time to move the pointer from the term into its definition.
  const leave = () => { timer = setTimeout(hide, 200); };
  const show = (term, words) => {
    clearTimeout(timer);
    if (shown) hide();
    shown = term;
    tip.textContent = words;
    tip.hidden = false;
    term.setAttribute("aria-describedby", tip.id);
    const box = term.getBoundingClientRect();
    const widest = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(box.left, widest)) + window.scrollX}px`;
    const below = box.bottom + 4 + tip.offsetHeight <= window.innerHeight;
    tip.style.top = `${(below ? box.bottom + 4 : box.top - 4 - tip.offsetHeight) + window.scrollY}px`;
  };
  for (const term of document.querySelectorAll("a[title]:has(> .std-term)")) {
    const words = term.title;
    term.removeAttribute("title");
    term.addEventListener("mouseenter", () => show(term, words));
    term.addEventListener("focus", () => show(term, words));
    term.addEventListener("mouseleave", leave);
    term.addEventListener("blur", hide);
  }
  tip.addEventListener("mouseenter", () => clearTimeout(timer));
  tip.addEventListener("mouseleave", leave);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.body.append(tip);
});
