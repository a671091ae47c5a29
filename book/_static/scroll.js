// Says of a table or picture that there is more of it to the right, as long as there is.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".pst-scrollable-table-container, .filtered-box")) {
    const cue = document.createElement("p");
    cue.className = "scroll-cue";
    cue.textContent = "This table is wider than the page: scroll it sideways →";
    cue.hidden = true;
    box.before(cue);
    const look = () => {
      const hidden = box.scrollWidth - box.clientWidth;
      cue.hidden = hidden < 2;
      box.toggleAttribute("data-more", hidden - box.scrollLeft > 2);
    };
    box.addEventListener("scroll", look, { passive: true });
    new ResizeObserver(look).observe(box);
    look();
  }
});
