/* The live round of the stand-up: a clock that counts what the server said is left, and keys for its buttons.
   Everybody's clock shows the same because none of them asks its own machine what time it is. */
(() => {
  "use strict";
  customElements.define("ui-round", class extends HTMLElement {
    connectedCallback() {
      this.clock = this.querySelector("[data-clock]");
      this.bar = this.querySelector("progress");
      this.left = Number(this.dataset.seconds);
      this.each = Number(this.dataset.each) || 1;
      this.since = performance.now();
      this.press = (event) => this.key(event);
      document.addEventListener("keydown", this.press);
      if (this.clock && "runs" in this.dataset) this.beat = setInterval(() => this.show(), 250);
    }
    disconnectedCallback() {
      clearInterval(this.beat);
      document.removeEventListener("keydown", this.press);
    }
    show() {
      const left = Math.round(this.left - (performance.now() - this.since) / 1000);
      const over = Math.abs(left);
      this.clock.textContent = `${left < 0 ? "+" : ""}${Math.floor(over / 60)}:${String(over % 60).padStart(2, "0")}`;
      this.clock.parentElement.classList.toggle("is-over", left <= 0);
      if (this.bar) this.bar.value = Math.max(0, Math.min(100, left / this.each * 100));
    }
    key(event) {
      if (event.metaKey || event.ctrlKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
      if (event.target.closest("input, select, textarea, [contenteditable]")) return;
      if (event.key === " " && event.target.closest("button, a, summary")) return;
      const button = this.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
      if (!button) return;
      event.preventDefault();
      button.click();
    }
  });

  /* One's own words are saved a second after the last letter. Whoever leaves within that second has them sent all the
     same, and whoever has no connection is told so instead of being shown the time of the last success. */
  const isOwn = (target) => target.matches?.(".stand-own__form");
  let unsaved = null;
  let isNewer = false; /* than what is being sent */
  document.addEventListener("input", ({ target }) => {
    if (!isOwn(target.form ?? target)) return;
    unsaved = target.form;
    isNewer = true;
  });
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => { if (isOwn(elt)) isNewer = false; });
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => {
    if (isOwn(elt) && successful && !isNewer) unsaved = null;
  });
  document.addEventListener("htmx:sendError", ({ detail: { elt } }) => {
    const said = isOwn(elt) && document.getElementById("entry-said");
    if (!said) return;
    said.textContent = elt.dataset.failed;
    said.classList.add("bad");
  });
  window.addEventListener("pagehide", () => {
    if (unsaved?.isConnected) navigator.sendBeacon(unsaved.action, new FormData(unsaved));
    unsaved = null;
  });
})();
