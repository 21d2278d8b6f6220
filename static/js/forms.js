// Forms: ask first, send once, pick all, filter at once, scan anywhere.
"use strict";
const ASKED = "asked";
// Not form.method: a field of that name would stand in its way.
const posts = (form) => form.getAttribute("method")?.toLowerCase() === "post";

// [data-confirm]: a question in our dialog, then the same submit again.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const asks = event.submitter?.closest("[data-confirm]") || form.closest("form[data-confirm]");
    if (!asks || form.dataset.state === ASKED) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("confirm");
    const yes = dialog.querySelector("[value=yes]");
    dialog.querySelector("p").textContent = asks.dataset.confirm;
    yes.textContent = event.submitter?.textContent.trim() || yes.textContent;
    dialog.returnValue = "";
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.state = ASKED;
      form.requestSubmit(event.submitter);
    };
    dialog.showModal();
  },
  true,
);

// A POST form goes out once until the answer is there; given back after a while, for downloads.
const release = (form) => {
  delete form.dataset.state;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
};
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!posts(form)) return;
    if (form.dataset.state === "sent") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    form.dataset.state = "sent";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(release, 8000, form);
  },
  true,
);
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) release(form);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-state]").forEach(release));

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-pick-all]")) {
    for (const box of field.closest("table").querySelectorAll("tbody input[type=checkbox]"))
      if (!box.disabled) box.checked = field.checked;
  } else if (field.matches("[data-files]")) {
    const shown = field.closest("form").querySelector("[data-files-shown]");
    if (shown) shown.textContent = Array.from(field.files, (file) => file.name).join(", ");
  } else if (field.closest("[data-autosubmit]") && field.matches("select, [type=checkbox], [type=radio], [type=date]")) {
    field.form.requestSubmit();
  }
});

// A scanner types and ends with Enter: what is typed nowhere goes to the scan field.
const scan = () => document.querySelector("[data-scan]");
document.addEventListener("keydown", (event) => {
  const free = document.activeElement === document.body || !document.activeElement;
  if (free && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey)
    scan()?.focus();
});
const ready = () => {
  const field = scan();
  if (field && !document.querySelector("[data-focus], dialog[open]")) field.select();
};
ready();
document.addEventListener("htmx:afterSettle", ready);
