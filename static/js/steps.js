/* Steps of a checklist by drag and drop, and with Alt and the arrows. Every step has buttons for the same in its menu. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const stepsOf = (list) => [...list.querySelectorAll(":scope > [data-step]")];
  let moved = null; // the step of which the next list is told

  const put = (step, list, undo) => {
    const steps = stepsOf(list);
    const before = steps[steps.indexOf(step) + 1]?.dataset.step ?? "";
    moved = step.dataset.step;
    htmx.ajax("POST", step.dataset.move, { source: step, target: "#lists", select: "#lists", swap: "outerHTML", values: { before } })
      .catch(() => { moved = null; undo?.(); });
  };
  const sortable = (list) => {
    if (list.dataset.ready || !window.Sortable) return;
    list.dataset.ready = "yes";
    let order = [];
    const sort = window.Sortable.create(list, {
      draggable: "[data-step]", handle: "[data-grip]", dataIdAttr: "data-step", animation: 160,
      ghostClass: "is-ghost", chosenClass: "is-lifted",
      onStart: () => { order = sort.toArray(); },
      onEnd: ({ item, oldIndex, newIndex }) => { if (oldIndex !== newIndex) put(item, list, () => sort.sort(order)); },
    });
  };
  const look = () => {
    for (const list of document.querySelectorAll("[data-steps]")) sortable(list);
    const step = moved && $(`#lists [data-step="${moved}"]`);
    if (step) say(step);
  };
  const say = (step) => {
    moved = null;
    const list = step.closest("[data-steps]");
    const said = $("#said");
    const steps = stepsOf(list);
    const values = {
      title: $(".tick", step).textContent.trim(), place: steps.indexOf(step) + 1, count: steps.length, list: list.dataset.name,
    };
    if (said) said.textContent = said.dataset.step.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };

  document.addEventListener("keydown", (event) => {
    const step = event.target.closest?.("[data-step]");
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !way || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const list = step.parentElement;
    const steps = stepsOf(list);
    const other = steps[steps.indexOf(step) + way];
    if (!other) return;
    const focused = document.activeElement;
    if (way < 0) list.insertBefore(step, other); else list.insertBefore(step, other.nextSibling);
    focused.focus();
    put(step, list, () => { if (way < 0) list.insertBefore(other, step); else list.insertBefore(step, other); });
  });
  /* The buttons in a menu say where the step went, too. */
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const step = detail.elt.matches?.("form[data-step-move]") && detail.elt.closest("[data-step]");
    if (step) moved = step.dataset.step;
  });
  /* Dragging leaves empty style attributes behind, which a swap would carry over against the content security policy. */
  document.addEventListener("htmx:beforeSwap", () => {
    for (const part of document.querySelectorAll("#lists [style]")) part.removeAttribute("style");
  });
  document.addEventListener("htmx:afterSettle", look);
  document.addEventListener("DOMContentLoaded", look);
  if (document.readyState !== "loading") look();
})();
