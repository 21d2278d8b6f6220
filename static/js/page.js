// Theme, dialogs, toasts, copying, passwords, focus. Every page works without this file.
// The four files share one scope: `say` and `toast` here, `posts` in forms.js.
"use strict";
const say = (name) => document.body.getAttribute(`data-say-${name}`) || "";

// A word in the corner; the region is a live one and in the page from the start.
function toast(text, tone = "blue") {
  const box = document.createElement("div");
  box.className = `toast tone-${tone}`;
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 8000);
}

function toggleTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
}

function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", shown);
  button.setAttribute("aria-label", say(shown ? "hide" : "show"));
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(say("copied"), "green");
  } catch {
    toast(text); // not allowed: the text at least, to be selected
  }
}

// Browsers without invoker commands: open and close dialogs the old way.
function oldDialog(button) {
  const dialog = document.getElementById(button.getAttribute("commandfor"));
  if (!dialog || "command" in HTMLButtonElement.prototype) return;
  if (button.getAttribute("command") === "close") return dialog.close();
  dialog.showModal();
  dialog.dispatchEvent(new Event("opened"));
}

// [data-dialog=id]: a link to a page of its own that opens as a dialog where the page has it.
function dialogFor(link, event) {
  const dialog = document.getElementById(link.dataset.dialog);
  if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  dialog.showModal();
  dialog.dispatchEvent(new Event("opened")); // some fetch what stands in them
}

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  if (at("[data-theme-toggle]")) toggleTheme();
  else if (at("[data-close]")) at(".toast, .note").remove();
  else if (at("[data-reveal]")) reveal(at("[data-reveal]"));
  else if (at("[data-copy]")) copy(at("[data-copy]").dataset.copy);
  else if (at("[data-print]")) print();
  else if (at("[data-dialog]")) dialogFor(at("[data-dialog]"), event);
  else if (at("[commandfor]")) oldDialog(at("[commandfor]"));
});

// Errors of a form and results of a look-up take the focus, at load and when they arrive.
function focusIn(root) {
  const open = root.querySelector("dialog[data-open]");
  if (open && !open.open) open.showModal();
  const thread = root.querySelector("[data-newest]");
  if (thread && !location.hash) thread.scrollIntoView({ block: "nearest" });
  const target = root.matches?.("[data-focus]") ? root : root.querySelector("[data-focus]");
  if (target) target.focus();
}
focusIn(document);
// A link to one message of a long conversation: ask for the part that has it.
const linked = /^#m-(\d+)$/.exec(location.hash);
if (linked && document.getElementById("thread") && !document.querySelector(location.hash)) {
  if (!new URLSearchParams(location.search).has("from")) location.replace(`?from=${linked[1]}${location.hash}`);
}
document.addEventListener("htmx:load", (event) => focusIn(event.detail.elt));
