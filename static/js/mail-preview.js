/* A mail beside the form that writes it: drawn anew as its words change, and shown when somebody begins to write them.
   Without script a button shows what stands in the form. */
(() => {
  "use strict";
  const PAUSE = 500;

  customElements.define("ui-mail-preview", class extends HTMLElement {
    connectedCallback() {
      this.button = this.querySelector("[data-show]");
      this.frames = this.querySelector("[data-frames]");
      this.number = 0;
      const form = this.button.form;
      form.addEventListener("input", () => this.soon());
      form.addEventListener("focusin", (event) => { if (event.target.name?.startsWith(this.dataset.own)) this.show(); });
      this.panel = this.closest('[role="tabpanel"]');
      new MutationObserver(() => this.follow()).observe(this.panel, { attributeFilter: ["hidden"] });
      if ("draft" in this.dataset) this.soon();
    }
    show() {
      document.getElementById(this.panel.getAttribute("aria-labelledby")).click();
    }
    soon() {
      this.isBehind = true;
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.follow(), PAUSE);
    }
    /* Only the one that is seen: a form that is sent to two frames at once arrives in the last alone. */
    follow() {
      if (!this.isBehind || this.panel.hidden) return;
      this.isBehind = false;
      this.refresh();
    }
    /* The form fills the frame, so that the mail comes from an address under its own security policy. A new frame each
       time: it leaves no trace in the history, and the old one stays until the new one is there. */
    refresh() {
      const fresh = this.frames.lastElementChild.cloneNode(false);
      this.number += 1;
      fresh.name = `${this.dataset.own}${this.number}`;
      fresh.removeAttribute("src");
      fresh.removeAttribute("loading");
      fresh.classList.add("is-coming");
      this.frames.append(fresh);
      this.button.formTarget = fresh.name;
      this.button.form.requestSubmit(this.button);
      fresh.addEventListener("load", () => {
        fresh.classList.remove("is-coming");
        while (this.frames.firstElementChild !== fresh) this.frames.firstElementChild.remove();
      }, { once: true });
    }
  });
})();
