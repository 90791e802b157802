/* The page of a story: names after @, forms that are emptied once they are sent, and parts that refresh themselves
   unless somebody writes in them. Without it everything is typed and sent as usual. */
(() => {
  "use strict";
  const MOST = 8;
  const QUERY = /(^|[\s(])@([^\s@][^@\n]{0,40})?$/u;

  /* Completes @name by keyboard: arrows, Enter or Tab, Escape. Only who can read the comment is offered. */
  customElements.define("ui-mention", class extends HTMLElement {
    connectedCallback() {
      const source = this.querySelector('script[type="application/json"]');
      this.field = this.querySelector("textarea");
      if (!source || !this.field) return;
      this.people = JSON.parse(source.textContent);
      this.list = document.createElement("ul");
      this.list.className = "mention-list";
      this.list.id = `${this.field.id}-names`;
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", "@");
      this.list.hidden = true;
      this.append(this.list);
      this.field.setAttribute("aria-autocomplete", "list");
      this.field.setAttribute("aria-controls", this.list.id);
      this.field.addEventListener("input", () => this.look());
      this.field.addEventListener("keydown", (event) => this.key(event));
      this.field.addEventListener("blur", () => this.close());
      this.list.addEventListener("mousedown", (event) => {
        event.preventDefault();
        const option = event.target.closest("[role=option]");
        if (option) this.take(option);
      });
    }
    get isTeamOnly() { return this.field.form.elements.audience?.value === "team"; }
    look() {
      const found = QUERY.exec(this.field.value.slice(0, this.field.selectionStart));
      const wanted = (found?.[2] ?? "").toLowerCase();
      const fits = ({ name, team }) => (team || !this.isTeamOnly)
        && (name.toLowerCase().startsWith(wanted) || name.toLowerCase().split(/\s+/).some((part) => part.startsWith(wanted)));
      const people = found ? this.people.filter(fits).slice(0, MOST) : [];
      if (!people.length) { this.close(); return; }
      this.typed = wanted.length;
      this.list.replaceChildren(...people.map((person, n) => this.option(person, n)));
      this.list.hidden = false;
      this.mark(this.list.firstElementChild);
    }
    option({ name, about }, n) {
      const option = document.createElement("li");
      option.id = `${this.list.id}-${n}`;
      option.setAttribute("role", "option");
      option.dataset.name = name;
      const title = document.createElement("b");
      title.textContent = name;
      const small = document.createElement("small");
      small.textContent = about;
      option.append(title, small);
      return option;
    }
    mark(chosen) {
      for (const option of this.list.children) option.setAttribute("aria-selected", option === chosen);
      this.field.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    }
    key(event) {
      if (this.list.hidden) return;
      const options = [...this.list.children];
      const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) this.mark(options[(at + step + options.length) % options.length]);
      else if (event.key === "Enter" || event.key === "Tab") this.take(options[at]);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }
    take(option) {
      const end = this.field.selectionStart;
      this.field.setRangeText(`${option.dataset.name} `, end - this.typed, end, "end");
      this.close();
    }
    close() {
      this.list.hidden = true;
      this.field.removeAttribute("aria-activedescendant");
    }
  });

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
