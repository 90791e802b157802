/* The backlog and the inbox of ideas by keyboard, and many stories at once.
   Everything here presses links, buttons and boxes that are on the page: without script they are pressed by hand. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const QUIET = 400; // milliseconds without news before a list is fetched again

  const isTyping = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.defaultPrevented || isTyping(event.target)
    || $("dialog[open]"));

  class Rows extends HTMLElement {
    connectedCallback() {
      this.onKey = (event) => {
        if (!isPlain(event)) return;
        const act = this.keys[event.altKey ? `Alt+${event.key}` : event.key];
        if (act) { event.preventDefault(); act(); }
      };
      document.addEventListener("keydown", this.onKey);
      this.onNews = () => { clearTimeout(this.soon); this.soon = setTimeout(() => this.again(), QUIET); };
      if (this.dataset.topic) document.body.addEventListener(`live:${this.dataset.topic}`, this.onNews);
    }
    disconnectedCallback() {
      document.removeEventListener("keydown", this.onKey);
      if (this.dataset.topic) document.body.removeEventListener(`live:${this.dataset.topic}`, this.onNews);
    }
    /* Not under the fingers of somebody who is writing, choosing or dragging. */
    again() {
      const busy = $(".is-lifted, details.menu[open], details.as-form[open]", this)
        || (isTyping(document.activeElement) && this.contains(document.activeElement) && document.activeElement.value);
      if (busy) this.onNews();
      else document.body.dispatchEvent(new CustomEvent("list-stale"));
    }
    get rows() { return $$("[data-row]", this); }
    get current() { return document.activeElement?.closest("[data-row]"); }
    go(step) {
      const { rows } = this;
      const at = rows.indexOf(this.current ?? rows.find((row) => row.dataset.row === this.last));
      const row = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))];
      if (!row) return null;
      this.last = row.dataset.row;
      $("[data-main]", row)?.focus();
      return row;
    }
    press(selector, root = this) {
      const found = root && $(selector, root);
      if (!found) return;
      if (found.matches("input:not([type=checkbox]), select, textarea")) found.focus();
      else found.click();
    }
    help() { $("#keys")?.showModal(); }
  }

  /* The backlog: rows are walked through, chosen, and changed together. What is chosen outlives a swap of the list. */
  customElements.define("ui-backlog", class extends Rows {
    connectedCallback() {
      super.connectedCallback();
      this.chosen = new Set($$("[data-pick]:checked", this).map((box) => box.value));
      this.keys = {
        j: () => this.go(1), k: () => this.go(-1), x: () => this.toggle(this.current),
        J: () => this.stretch(1), K: () => this.stretch(-1), Escape: () => this.none(),
        t: () => this.many("top"), b: () => this.many("bottom"), s: () => this.many("sprint"),
        l: () => this.many("label"), a: () => this.many("who"),
        e: () => this.press("[data-main]", this.current), u: () => this.press("[data-undo]"),
        n: () => this.press("#id_title"), "/": () => this.press("#q"), "?": () => this.help(),
        "[": () => this.press('a[rel="prev"]'), "]": () => this.press('a[rel="next"]'),
        "Alt+ArrowUp": () => this.press('[id^="up-"]', this.current),
        "Alt+ArrowDown": () => this.press('[id^="down-"]', this.current),
      };
      this.addEventListener("click", (event) => {
        const box = event.target.closest("[data-pick]");
        if (box) this.picked(box, event.shiftKey);
        if (event.target.closest("[data-none]")) this.none();
      });
      this.addEventListener("change", (event) => { if (event.target.matches("[data-all]")) this.all(event.target.checked); });
      this.onSwap = () => this.show();
      document.addEventListener("htmx:afterSwap", this.onSwap);
      this.show();
    }
    disconnectedCallback() {
      super.disconnectedCallback();
      document.removeEventListener("htmx:afterSwap", this.onSwap);
    }
    get boxes() { return $$("[data-pick]", this); }
    keep(box, on) {
      box.checked = on;
      if (on) this.chosen.add(box.value); else this.chosen.delete(box.value);
    }
    picked(box, range) {
      const { boxes } = this;
      const from = boxes.findIndex((other) => other.value === this.from);
      const to = boxes.indexOf(box);
      if (range && from >= 0) {
        for (const other of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) this.keep(other, box.checked);
      }
      this.keep(box, box.checked);
      this.from = box.value;
      this.show();
    }
    toggle(row) {
      const box = row && $("[data-pick]", row);
      if (!box) return;
      this.keep(box, !box.checked);
      this.from = box.value;
      this.show();
    }
    stretch(step) {
      const here = this.current ?? this.go(0);
      const box = here && $("[data-pick]", here);
      if (box) this.keep(box, true);
      const next = this.go(step);
      const more = next && $("[data-pick]", next);
      if (more) { this.keep(more, true); this.from = more.value; }
      this.show();
    }
    all(on) { for (const box of this.boxes) this.keep(box, on); this.show(); }
    none() { for (const box of this.boxes) this.keep(box, false); this.chosen.clear(); this.show(); }
    many(what) {
      if (!this.chosen.size) this.toggle(this.current);
      if (!this.chosen.size) return;
      const part = $(`[data-many="${what}"]`, this)?.closest("details");
      if (part) part.open = true;
      this.press(`[data-many="${what}"]`);
    }
    show() {
      const { boxes } = this;
      for (const box of boxes) {
        box.checked = this.chosen.has(box.value);
        box.closest("[data-row]").classList.toggle("is-chosen", box.checked);
      }
      const count = boxes.filter((box) => box.checked).length;
      this.chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      this.classList.toggle("has-chosen", count > 0);
      const all = $("[data-all]", this);
      if (all) { all.checked = count > 0 && count === boxes.length; all.indeterminate = count > 0 && count < boxes.length; }
      const words = $("[data-count]", this);
      if (words) words.textContent = words.dataset.count.replace("%", count.toLocaleString(document.documentElement.lang));
    }
  });

  /* The inbox: each idea is decided with one letter. */
  customElements.define("ui-inbox", class extends Rows {
    connectedCallback() {
      super.connectedCallback();
      const open = (what) => {
        const part = this.current && $(`[data-do="${what}"]`, this.current);
        if (!part) return;
        part.open = true;
        ($("[data-first]", part) ?? $("input:not([type=hidden]), select, textarea, button", part))?.focus();
      };
      this.keys = {
        j: () => this.go(1), k: () => this.go(-1), n: () => this.press("#id_title"), "?": () => this.help(),
        a: () => open("accept"), m: () => open("merge"), s: () => open("snooze"), d: () => open("decline"),
        Escape: () => { for (const part of $$("[data-do][open]", this)) part.open = false; this.go(0); },
      };
      this.addEventListener("toggle", ({ target }) => {
        if (!target.open) return;
        for (const part of $$("[data-do][open]", this)) if (part !== target) part.open = false;
      }, true);
    }
  });
})();
