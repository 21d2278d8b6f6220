// Text that was typed is not lost: [data-draft="key"] on a field (or on a form, for all its text
// fields) is kept in sessionStorage, per person and tab, until the form has been taken.
//
// Taken means: the next page is not one that says "not done" (<body data-keep-drafts>: 403, 404,
// 409, 429, sign-in) and does not show the same text again in the same field (422).
// A draft comes back only into a field that stands as it stood when typing began: text that
// somebody else saved meanwhile is never overwritten.
"use strict";
const TEXT = "textarea, select, input:not([type=hidden], [type=password], [type=file], [type=checkbox], [type=radio])";
const SENT = "sent:";
const prefix = `draft:${document.body.dataset.user || ""}:`;

const fields = (root) =>
  [root, ...root.querySelectorAll("*")].filter((el) => el.matches?.(TEXT) && el.closest("[data-draft]"));
const keyOf = (field) =>
  prefix + (field.dataset.draft || `${field.form.dataset.draft}-${field.name}`);
const standing = (field) =>
  field.matches("select")
    ? (field.querySelector("option[selected]") || field.options[0])?.value || ""
    : field.defaultValue;
const load = (key) => JSON.parse(sessionStorage.getItem(key) || "null");

function keep(field) {
  const [key, now, before] = [keyOf(field), standing(field), load(keyOf(field))];
  // A form shown again with its errors stands on what it stood on before.
  const base = before && before.text === now ? before.base : now;
  if (field.value === base) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify({ text: field.value, base }));
}

function restore(root) {
  for (const field of fields(root)) {
    const draft = load(keyOf(field));
    if (!draft || draft.base !== standing(field) || draft.text === field.value) continue;
    field.value = draft.text;
  }
}

const sentKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(SENT));
const mark = (form) => {
  for (const field of fields(form)) if (load(keyOf(field))) sessionStorage.setItem(SENT + keyOf(field), "1");
};

// What became of the form that was sent before this page?
function settle() {
  const [visit] = performance.getEntriesByType("navigation");
  const moved = !visit || visit.type === "navigate";
  const refused = "keepDrafts" in document.body.dataset;
  const here = new Map(fields(document).map((field) => [keyOf(field), field]));
  for (const sent of sentKeys()) {
    const key = sent.slice(SENT.length);
    const again = here.get(key) && here.get(key).value === load(key)?.text;
    if (moved && !refused && !again) sessionStorage.removeItem(key);
    sessionStorage.removeItem(sent);
  }
}

document.addEventListener("input", (event) => {
  if (event.target.closest("[data-draft]") && event.target.matches(TEXT)) keep(event.target);
});
document.addEventListener(
  "submit",
  (event) => {
    if (event.target.matches("[data-forget]")) sessionStorage.clear();
    else if (posts(event.target)) mark(event.target);
  },
  true,
);
// htmx stays on the page: taken when the answer is no error, before anything new is drawn.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.requestConfig.verb === "get") return; // a poll says nothing about a form
  const taken = event.detail.xhr.status < 300;
  for (const sent of sentKeys()) {
    if (taken) sessionStorage.removeItem(sent.slice(SENT.length));
    sessionStorage.removeItem(sent);
  }
});
document.addEventListener("htmx:load", (event) => restore(event.detail.elt));

settle();
restore(document);
