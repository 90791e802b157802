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

  /* What somebody has written and not sent outlives everything: a step that the team leaves, a text that somebody else
     changed meanwhile, loading the page again. It stays in this tab, and comes back where its field does. */
  class Unsent {
    constructor(room) {
      this.key = `unsent:${room.dataset.member}:${location.pathname}`;
      this.texts = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
    }
    save() { sessionStorage.setItem(this.key, JSON.stringify(this.texts)); }
    write(field) {
      if (field.value === field.defaultValue) delete this.texts[field.id];
      else this.texts[field.id] = { text: field.value, label: field.labels?.[0]?.textContent.trim() ?? "" };
      this.save();
    }
    forget(ids) { for (const id of ids) delete this.texts[id]; this.save(); }
    restore(room) {
      const gone = [];
      for (const [id, { text, label }] of Object.entries(this.texts)) {
        const field = document.getElementById(id);
        if (!field) gone.push([label, text]);
        else if (field.value === field.defaultValue) field.value = text;
      }
      this.show(room.querySelector("[data-unsent]"), gone);
    }
    show(box, gone) {
      if (!box) return;
      box.hidden = !gone.length;
      box.querySelector("ul").replaceChildren(...gone.map(([label, text]) => {
        const line = document.createElement("li");
        line.textContent = label ? `${label}: ${text}` : text;
        return line;
      }));
    }
  }
  const WRITTEN = "textarea[id], input.input[id]";
  const roomOf = (event) => event.target.closest?.("ui-retro");
  document.addEventListener("input", (event) => {
    const room = roomOf(event);
    if (room && event.target.matches(WRITTEN)) new Unsent(room).write(event.target);
  });
  /* Sent is not yet taken: what the server did not answer is kept on. */
  document.addEventListener("submit", (event) => {
    const room = roomOf(event);
    if (room) new Unsent(room).forget([...event.target.querySelectorAll(WRITTEN)].map((field) => field.id));
  }, true);
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => {
    const room = document.querySelector("ui-retro");
    if (!room || !(elt instanceof HTMLFormElement) || xhr.status) return;
    for (const field of elt.querySelectorAll(WRITTEN)) new Unsent(room).write(field);
  });
  document.addEventListener("click", (event) => {
    const room = event.target.closest("[data-unsent-drop]") && roomOf(event);
    if (!room) return;
    const unsent = new Unsent(room);
    unsent.forget(Object.keys(unsent.texts).filter((id) => !document.getElementById(id)));
    unsent.restore(room);
  });

  /* Dropping a note on a topic posts the form that ticking it and choosing that topic posts. */
  customElements.define("ui-retro", class extends HTMLElement {
    connectedCallback() {
      new Unsent(this).restore(this);
      document.addEventListener("htmx:afterSwap", () => new Unsent(this).restore(this), { once: true });
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
