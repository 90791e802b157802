/* The page of a story: forms that are emptied once they are sent, and parts that refresh themselves
   unless somebody writes in them. Without it everything is typed and sent as usual. */
(() => {
  "use strict";
  /* What was sent is taken out of its form; what was refused stays. */
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && detail.elt.matches("form[data-clear]")) detail.elt.reset();
  });

  /* A refusal is shown where it can be seen. */
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id === "refusals") detail.target.scrollIntoView({ block: "center" });
  });

  /* News of others do not wipe away what is being written: a part with a draft, or a menu in use, waits. */
  const isBusy = (part) => part.querySelector("form[data-draft], .is-lifted")
    || (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const part = event.detail.target;
    if (isBusy(part)) { event.detail.shouldSwap = false; return; }
    const open = [...part.querySelectorAll("details[id][open]")].map((details) => details.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    queueMicrotask(() => {
      for (const id of open) { const details = document.getElementById(id); if (details) details.open = true; }
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    });
  });
})();
