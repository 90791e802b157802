/* Ticking people in a list: all of the page at once, a stretch with the shift key, and how many are ticked, said aloud.
   Without it the link "Tick all on this page" loads the page with all of them ticked. */
(() => {
  "use strict";
  const boxes = () => [...document.querySelectorAll('#people input[name="contact"]')];
  const head = () => document.querySelector("#people [data-tick-all]");
  let last = null;

  function tell() {
    const all = boxes();
    const ticked = all.filter((box) => box.checked).length;
    const said = document.querySelector("#people [data-ticked]");
    if (said) said.textContent = ticked ? `${said.dataset.ticked} ${ticked}` : "";
    if (head()) Object.assign(head(), { hidden: false, checked: ticked > 0 && ticked === all.length, indeterminate: ticked > 0 && ticked < all.length });
  }
  function tickAll(on) {
    for (const box of boxes()) box.checked = on;
    tell();
  }
  function stretch(from, to) {
    const all = boxes();
    const [first, end] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
    if (first >= 0) for (const box of all.slice(first, end + 1)) box.checked = to.checked;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("#people [data-tick]");
    if (link) { event.preventDefault(); tickAll(boxes().some((box) => !box.checked)); return; }
    if (event.target.matches("#people [data-tick-all]")) { tickAll(event.target.checked); return; }
    if (!event.target.matches('#people input[name="contact"]')) return;
    if (event.shiftKey && last?.isConnected) stretch(last, event.target);
    last = event.target;
    tell();
  });
  document.addEventListener("DOMContentLoaded", tell);
  document.addEventListener("htmx:afterSwap", tell);
  window.addEventListener("pageshow", tell); /* what was ticked is ticked again after "back" */
})();
