/* A retrospective: the clock of a step, and notes that are dragged onto other topics. All of it works without this. */
(() => {
  "use strict";

  /* The server says until when; here it is counted down to. */
  customElements.define("ui-countdown", class extends HTMLElement {
    connectedCallback() {
      this.until = Date.parse(this.dataset.until);
      this.tick();
      this.timer = setInterval(() => this.tick(), 1000);
    }
    disconnectedCallback() { clearInterval(this.timer); }
    tick() {
      const left = Math.ceil((this.until - Date.now()) / 1000);
      if (left <= 0) {
        clearInterval(this.timer);
        this.textContent = this.dataset.up;
        this.parentElement.classList.add("is-up");
        return;
      }
      this.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
  });

  /* Dropping a note on a topic posts the form that ticking it and choosing that topic posts. */
  customElements.define("ui-retro", class extends HTMLElement {
    connectedCallback() {
      this.form = this.querySelector("form#gather");
      if (!window.Sortable || !this.form) return;
      this.lists = [...this.querySelectorAll("[data-topic]")].map((list) => window.Sortable.create(list, {
        group: "notes", animation: 160, draggable: "[data-note]", filter: "button", preventOnFilter: false,
        delay: 150, delayOnTouchOnly: true, ghostClass: "is-ghost", chosenClass: "is-lifted",
        onStart: () => { this.dragging = true; },
        onEnd: (moved) => { this.dragging = false; this.save(moved); },
      }));
      /* Nobody's note is swapped away from under the hand that drags it. */
      this.addEventListener("htmx:beforeRequest", (event) => {
        if (!this.dragging || event.detail.requestConfig.verb !== "get") return;
        event.preventDefault();
        this.missed = true;
      });
    }
    disconnectedCallback() { for (const list of this.lists ?? []) if (list.el) list.destroy(); }
    save({ item, from, to }) {
      if (from === to) {
        if (this.missed) window.htmx?.trigger(document.body, `${this.getAttribute("hx-trigger").split(" ")[0]}`);
        return;
      }
      for (const box of this.querySelectorAll('input[name="notes"]')) box.checked = item.contains(box);
      this.form.elements.topic.value = to.dataset.topic;
      this.form.requestSubmit(this.form.querySelector("#gather-go"));
    }
  });
})();
