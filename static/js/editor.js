/* The mail editor: puts personal parts in at the cursor, keeps the preview beside the text current, shows it as wide as
   a desktop or a phone. Without script the same page saves, and shows the preview by a button. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const NARROW = 480; // on a phone one wants to see it as on a phone
  const DESKTOP = 688; // pixels: the 600 of a mail and the ground around it
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  customElements.define("ui-mail-editor", class extends HTMLElement {
    connectedCallback() {
      this.form = this.closest("form");
      this.frames = $("[data-frames]", this);
      this.number = 0;
      this.addEventListener("click", (event) => this.clicked(event));
      this.fitting = new ResizeObserver(() => this.fit());
      this.fitting.observe(this.frames);
      if (this.frames.clientWidth < NARROW) this.widen($('[data-width="phone"]', this));
      if (!this.form) return;
      this.saved = this.written();
      this.text = $("#id_source", this);
      this.addEventListener("focusin", (event) => { if (event.target.matches("#id_subject, #id_preheader, #id_source")) this.text = event.target; });
      this.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "draft") this.refresh(); });
      this.form.addEventListener("submit", (event) => { if (!event.submitter?.matches("[data-show]")) this.saved = null; });
      this.warn = (event) => { if (this.saved !== null && this.saved !== this.written()) event.preventDefault(); };
      window.addEventListener("beforeunload", this.warn);
    }
    disconnectedCallback() {
      this.fitting.disconnect();
      if (this.warn) window.removeEventListener("beforeunload", this.warn);
    }
    written() {
      return ["id_subject", "id_preheader", "id_source"].map((id) => document.getElementById(id).value).join("\n");
    }
    clicked(event) {
      const part = event.target.closest("[data-insert]");
      if (part) this.insert(part.dataset.insert);
      const width = event.target.closest("[data-width]");
      if (width) this.widen(width);
    }
    insert(code) {
      this.text.focus();
      this.text.setRangeText(code, this.text.selectionStart, this.text.selectionEnd, "end");
      this.text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    widen(chosen) {
      for (const button of $$("[data-width]", this)) button.setAttribute("aria-pressed", button === chosen);
      this.frames.classList.toggle("is-phone", chosen.dataset.width === "phone");
    }
    /* A desktop is wider than the place beside the text, so the frame is drawn smaller instead of narrower. */
    fit() {
      const zoom = this.frames.clientWidth / DESKTOP;
      this.frames.classList.toggle("is-small", zoom > 0 && zoom < 1);
      this.frames.style.setProperty("--zoom", zoom.toFixed(3));
    }
    /* The form fills the frame, so that the mail comes from its own address under its own security policy. A new frame
       each time: it leaves no trace in the history, and the old one stays until the new one is there. */
    refresh() {
      if (!$("[data-sound]", this)) return;
      const old = $("iframe", this.frames);
      const fresh = old.cloneNode(false);
      this.number += 1;
      fresh.name = `mail-frame-${this.number}`;
      fresh.removeAttribute("src");
      fresh.classList.add("is-coming");
      this.frames.append(fresh);
      const button = $("[data-show]", this);
      button.formTarget = fresh.name;
      this.form.requestSubmit(button);
      fresh.addEventListener("load", () => {
        fresh.classList.remove("is-coming");
        for (const frame of $$("iframe", this.frames)) if (frame !== fresh && !this.isNewer(frame, fresh)) frame.remove();
      }, { once: true });
    }
    isNewer(frame, than) {
      return Boolean(than.compareDocumentPosition(frame) & Node.DOCUMENT_POSITION_FOLLOWING);
    }
  });
})();
