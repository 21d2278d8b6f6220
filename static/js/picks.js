/* Bulk bar: what stands in [data-min-picks] shows with so many picked rows, up to [data-max-picks]. */
"use strict";
(() => {
  const look = () => {
    for (const form of document.querySelectorAll("form[data-picks]")) {
      const picked = form.querySelectorAll("tbody input[name=unit]:checked").length;
      for (const part of form.querySelectorAll("[data-min-picks]"))
        part.hidden = picked < +part.dataset.minPicks || picked > +(part.dataset.maxPicks || 1e9);
    }
  };
  document.addEventListener("change", look);
  document.addEventListener("htmx:afterSwap", look);
  look();
})();
