// The menu of downloads, and formulas that stay folded until a reader opens them.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-bs-toggle=dropdown]")) {
    const menu = button.nextElementSibling;
    const open = (wanted) => {
      menu.classList.toggle("show", wanted);
      button.setAttribute("aria-expanded", String(wanted));
    };
    button.addEventListener("click", () => open(!menu.classList.contains("show")));
    document.addEventListener("click", ({ target }) => { if (!button.contains(target)) open(false); });
    button.parentElement.addEventListener("keydown", ({ key }) => { if (key === "Escape") { open(false); button.focus(); } });
    button.parentElement.addEventListener("focusout", ({ relatedTarget }) => { if (relatedTarget && !button.parentElement.contains(relatedTarget)) open(false); });
  }

  const later = document.querySelector('script[type="text/later"]');
  const folded = [...document.querySelectorAll("details")].filter((box) => box.querySelector(".math"));
  let asked = false;
  const typeset = () => {
    if (asked || !later) return;
    asked = true;
    const script = document.createElement("script");
    script.src = later.src || later.getAttribute("src");
    document.head.append(script);
  };
  for (const box of folded) box.addEventListener("toggle", typeset);
  // On paper everything folded is open.
  addEventListener("beforeprint", () => { for (const box of document.querySelectorAll("article details:not(.hide)")) box.open = true; });
});
