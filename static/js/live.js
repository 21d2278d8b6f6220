// What moves by itself: countdowns, polling, and what to say when a request fails.
"use strict";
const MINUTE = 6e4;
const SOON = 15 * MINUTE;

const words = (name, values) =>
  say(name).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));

// The same words and the same rounding as core/words.py: a started minute counts.
function span(ms) {
  const minutes = Math.max(1, Math.ceil(Math.abs(ms) / MINUTE));
  const d = Math.floor(minutes / 1440);
  const h = Math.floor((minutes % 1440) / 60);
  const m = minutes % 60;
  if (d) return words("days", { d, h });
  return h ? words("hours", { h, m: String(m).padStart(2, "0") }) : words("minutes", { m });
}

function tick() {
  for (const chip of document.querySelectorAll(".countdown[data-due]")) {
    const due = new Date(chip.dataset.due);
    const left = due - Date.now();
    const over = left <= 0;
    const share = over ? 0 : Math.min(100, (100 * left) / (due - new Date(chip.dataset.start)));
    const tone = over || share <= 5 ? "red" : share <= 25 ? "amber" : "green";
    chip.className = `countdown tone-${tone}${over ? " over" : ""}`;
    chip.querySelector("time").textContent = over ? words("late", { time: span(left) }) : span(left);
    chip.querySelector(".left")?.setAttribute("stroke-dasharray", `${Math.round(share)} 100`);
    // A chip with data-announce speaks once; the others stay silent, they would talk all day.
    if ("announce" in chip.dataset && !over && left <= SOON) {
      delete chip.dataset.announce;
      toast(say("soon"), "amber");
    }
  }
}
tick();
setInterval(tick, MINUTE / 2);

// Polling of a hidden tab: one request in ten goes out, and the first one after it is seen again.
let skipped = 0;
// A list that is worked in ([data-poll=calm] with a picked row or the focus inside) keeps still.
const workedIn = (list) =>
  list.contains(document.activeElement) || list.querySelector("tbody input:checked");
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target } = event;
  if (target.matches("[data-poll=calm]") && workedIn(target)) event.preventDefault();
  if (!target.matches("[data-poll]") || !document.hidden || ++skipped % 10 === 0) return;
  event.preventDefault();
});

// Signed out meanwhile: the answer is the sign-in page; go there instead of drawing it into a list.
document.addEventListener("htmx:beforeSwap", (event) => {
  const signIn = document.body.dataset.signIn;
  if (!signIn || !event.detail.xhr.responseURL) return;
  if (new URL(event.detail.xhr.responseURL).pathname !== signIn) return;
  event.detail.shouldSwap = false;
  location.reload();
});
// These two are sent to what would have been drawn into; who asked stands in the request.
const polls = (event) => event.detail.requestConfig?.elt.matches("[data-poll]");
document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  if (status !== 409 && status !== 422 && !polls(event)) toast(say("failed"), "red");
});
document.addEventListener("htmx:sendError", (event) => {
  if (!polls(event)) toast(say("offline"), "red");
});
