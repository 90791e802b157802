/* One small script: no build step, no eval, no inline handlers.
   Behaviour hangs on custom elements and data- attributes, so what htmx swaps in works without re-initialisation.
   Every page works without it: links and forms come first. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;
  const YEAR = 365 * 24 * 3600;
  const SLOW = 1000; /* milliseconds until a stream is open */

  /* Theme: the choice is a cookie, and the server writes data-theme, so nothing flashes. */
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

  function switchTheme() {
    root.dataset.theme = isDark() ? "light" : "dark";
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=${YEAR};samesite=lax`;
  }

  /* The menu is longer than some windows: the place where one is stands in view. */
  function showPlace(around) {
    const nav = around && $(".nav", around);
    const place = nav && $('[aria-current="page"]', nav);
    if (place) nav.scrollTop = Math.max(0, place.offsetTop - nav.offsetTop + place.offsetHeight * 2 - nav.clientHeight);
  }

  showPlace($(".side"));

  function openDialog(opener) {
    const dialog = document.getElementById(opener.dataset.open);
    dialog?.showModal();
    if (dialog) showPlace(dialog);
    if (dialog) $("[data-focus]", dialog)?.focus();
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) { event.preventDefault(); openDialog(opener); return; }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement) event.target.close();
    if (event.target.closest("[data-theme-toggle]")) switchTheme();
    event.target.closest("[data-dismiss]")?.closest(".toast")?.remove();
    if (event.target.closest("[data-print]")) window.print();
    const copier = event.target.closest("[data-copy]");
    if (copier) navigator.clipboard?.writeText(document.getElementById(copier.dataset.copy).textContent.trim());
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      const palette = $("#palette");
      if (palette && !palette.open) { event.preventDefault(); palette.showModal(); $("input", palette).focus(); }
    }
    if (event.key === "Escape") {
      for (const menu of $$("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
    }
  });

  /* An answer may come when what it was to replace has been replaced already. htmx would swap it into the part that is
     gone, and take what somebody writes, which is preserved, out of the page with it. So the answer to something that was
     sent goes into the part that stands there now; one that was only looked for is let go. Either may be older than what
     was told meanwhile, so the part looks again. */
  const isAsked = (request) => Boolean(request?.triggeringEvent) && !request.triggeringEvent.type.startsWith("live:");
  document.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
    target?.addEventListener("htmx:beforeSwap", late);
  });
  function late({ currentTarget, detail }) {
    if (currentTarget.isConnected) return;
    const { requestConfig } = detail;
    const now = isAsked(requestConfig) && currentTarget.id ? document.getElementById(currentTarget.id) : null;
    if (now) { detail.target = now; keep(detail); } else detail.shouldSwap = false;
    live.lookAgain(currentTarget);
  }

  /* What htmx swaps in keeps open, closed and focused what was so in the part that it replaces, and what somebody has
     entered there and not sent, unless the swap is the answer to something that he or she asked for. */
  let before = new Map();
  let entered = [];
  let focused = "";
  const isTick = (control) => control.matches('[type="checkbox"], [type="radio"]');
  const isEntered = (control) => {
    if (isTick(control)) return control.checked !== control.defaultChecked;
    if (!(control instanceof HTMLSelectElement)) return control.value !== control.defaultValue;
    const given = [...control.options].find((option) => option.defaultSelected) ?? control.options[0];
    return control.selectedOptions[0] !== given;
  };
  function keep({ target, requestConfig }) {
    before = new Map($$("details[id]", target).map((part) => [part.id, part.open]));
    const controls = isAsked(requestConfig) ? [] : $$('input[id]:not([type="hidden"], [type="file"]), textarea[id], select[id]', target);
    entered = controls.filter(isEntered).map((control) => [control.id, isTick(control) ? control.checked : control.value]);
    focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  }
  function putBack([id, value]) {
    const control = document.getElementById(id);
    if (!control) return;
    if (isTick(control)) control.checked = value; else if (control.value !== value) control.value = value;
  }
  document.addEventListener("htmx:beforeSwap", ({ detail }) => keep(detail));
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, open] of before) { const part = document.getElementById(id); if (part) part.open = open; }
    entered.forEach(putBack);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    before = new Map();
    entered = [];
    focused = "";
  });

  /* A form control that sends its form as soon as it changes. */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  /* A file field that shows what was chosen. */
  document.addEventListener("change", (event) => {
    const shown = event.target.matches('input[type="file"]') && $(`[data-file-name="${event.target.id}"]`);
    if (shown) shown.textContent = event.target.files[0]?.name ?? "";
  });

  /* Toasts go by themselves, unless the pointer or the focus rests on them. */
  /* One stream a page tells which of its topics changed; fragments ask for themselves: hx-trigger="live:sprint-12 from:body".
     A hidden page listens to nothing, because a browser keeps few connections, and looks at everything when it is seen. */
  const live = {
    stream: null, topics: "", missed: false, again: new Set(), fetched: new Set(),
    /* A part that is being fetched would queue the word, and forget it when it is replaced: it is told afterwards. */
    tell(topic) {
      if ([...live.fetched].some((part) => part.isConnected && live.topicsOf(part).includes(topic))) live.again.add(topic);
      else document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
    },
    topicsOf(part) {
      const words = (part.getAttribute("hx-trigger") ?? "").split(/[\s,]+/);
      return words.filter((word) => word.startsWith("live:")).map((word) => word.slice("live:".length));
    },
    /* After the swap, which may bring the part in; the end of a request is told to no document when its part is gone. */
    lookAgain(part) {
      live.topicsOf(part).forEach((topic) => live.again.add(topic));
      setTimeout(live.tellAgain);
    },
    tellAgain() {
      const topics = [...live.again];
      live.again.clear();
      topics.forEach(live.tell);
    },
    follow() {
      const parts = document.hidden ? [] : $$("ui-live");
      const topics = [...new Set(parts.map((part) => part.dataset.topic))].sort().join(",");
      if (topics === live.topics) return;
      live.stream?.close();
      live.missed ||= Boolean(live.topics);
      live.topics = topics;
      live.stream = topics ? live.open(parts[0].dataset.from, topics) : null;
    },
    open(from, topics) {
      const stream = new EventSource(`${from}?topics=${topics}`);
      /* What happened between the making of a page and a stream that opened late was told to nobody here. */
      stream.addEventListener("open", () => { if (live.missed || performance.now() > SLOW) topics.split(",").forEach(live.tell); live.missed = false; });
      stream.addEventListener("error", () => { live.missed = true; });
      stream.addEventListener("message", ({ data }) => live.tell(data));
      return stream;
    },
  };
  customElements.define("ui-live", class extends HTMLElement {
    connectedCallback() { queueMicrotask(live.follow); }
    disconnectedCallback() { queueMicrotask(live.follow); }
  });
  document.addEventListener("visibilitychange", live.follow);
  document.addEventListener("htmx:beforeRequest", (event) => { if (!event.defaultPrevented) live.fetched.add(event.detail.elt); });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    live.fetched.delete(detail.elt);
    if (live.again.size) setTimeout(live.tellAgain);
  });

  customElements.define("ui-toast", class extends HTMLElement {
    connectedCallback() {
      const leave = () => { if (this.matches(":hover, :focus-within")) setTimeout(leave, 2000); else this.remove(); };
      setTimeout(leave, 6000);
    }
  });

  /* Tabs with the usual keyboard behaviour. Without script all panels are shown one below the other. */
  customElements.define("ui-tabs", class extends HTMLElement {
    connectedCallback() {
      this.tabs = $$('[role="tab"]', this);
      this.pick(this.tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash) ?? this.tabs[0]);
      this.addEventListener("click", (event) => {
        const tab = event.target.closest('[role="tab"]');
        if (tab) this.pick(tab);
      });
      this.addEventListener("keydown", (event) => this.move(event));
    }
    move(event) {
      const at = this.tabs.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const tab = this.tabs[(to + this.tabs.length) % this.tabs.length];
      this.pick(tab);
      tab.focus();
    }
    pick(chosen) {
      for (const tab of this.tabs) {
        const on = tab === chosen;
        tab.setAttribute("aria-selected", on);
        tab.tabIndex = on ? 0 : -1;
        const panel = document.getElementById(tab.getAttribute("aria-controls"));
        if (panel) panel.hidden = !on;
      }
    }
  });

  /* Crosshair and figures over a line chart that the server drew. */
  customElements.define("ui-chart", class extends HTMLElement {
    connectedCallback() {
      const source = $('script[type="application/json"]', this);
      const plot = $(".chart__plot", this);
      if (!source || !plot) return;
      this.data = JSON.parse(source.textContent);
      this.plot = plot;
      this.cross = this.part("chart__cross");
      this.tip = this.part("chart__tip");
      plot.addEventListener("pointermove", (event) => this.show(this.nearest(event)));
      plot.addEventListener("pointerleave", () => { this.cross.hidden = this.tip.hidden = true; });
    }
    part(name) {
      const element = document.createElement("div");
      element.className = name;
      element.hidden = true;
      element.setAttribute("aria-hidden", "true");
      this.plot.append(element);
      return element;
    }
    nearest(event) {
      const box = this.plot.getBoundingClientRect();
      const index = Math.round((event.clientX - box.left) / box.width * (this.data.n - 1));
      return Math.max(0, Math.min(this.data.n - 1, index));
    }
    show(index) {
      const width = this.plot.clientWidth;
      const x = index / Math.max(this.data.n - 1, 1) * width;
      this.cross.hidden = this.tip.hidden = false;
      this.cross.style.left = `${x}px`;
      const title = document.createElement("b");
      title.textContent = this.data.labels[index] ?? "";
      const rows = this.data.series.filter((series) => series.values[index] !== undefined).map((series) => {
        const row = document.createElement("div");
        for (const text of [series.name, series.values[index]]) {
          const cell = document.createElement("span");
          cell.textContent = text;
          row.append(cell);
        }
        return row;
      });
      this.tip.replaceChildren(title, ...rows);
      const left = x + 12 + this.tip.offsetWidth > width ? x - this.tip.offsetWidth - 12 : x + 12;
      this.tip.style.left = `${Math.max(0, left)}px`;
    }
  });

  /* Command palette: filter by typing, choose with the arrows. */
  customElements.define("ui-palette", class extends HTMLElement {
    connectedCallback() {
      this.input = $("input", this);
      this.items = $$('[role="option"]', this);
      this.input.addEventListener("input", () => this.filter());
      this.input.addEventListener("keydown", (event) => this.key(event));
      this.mark(this.items[0]);
    }
    get shown() { return this.items.filter((item) => !item.hidden); }
    filter() {
      const wanted = this.input.value.trim().toLowerCase();
      for (const item of this.items) item.hidden = !item.textContent.toLowerCase().includes(wanted);
      for (const group of $$(".palette__group", this)) {
        group.hidden = !$$('[role="option"]', group).some((item) => !item.hidden);
      }
      $(".palette__none", this).hidden = this.shown.length > 0;
      this.mark(this.shown[0]);
    }
    mark(chosen) {
      for (const item of this.items) {
        item.classList.toggle("is-active", item === chosen);
        item.setAttribute("aria-selected", item === chosen);
      }
      if (!chosen) return;
      this.input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    }
    key(event) {
      const at = this.shown.findIndex((item) => item.classList.contains("is-active"));
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); this.mark(this.shown[(at + step + this.shown.length) % this.shown.length]); }
      if (event.key === "Enter" && this.shown[at]) { event.preventDefault(); this.shown[at].click(); }
    }
  });

  /* Lists ordered by hand: dragging a story posts the same form that its buttons post. */
  customElements.define("ui-board", class extends HTMLElement {
    connectedCallback() {
      if (!window.Sortable || !$("form[data-move]", this)) return;
      for (const list of $$("[data-cards]", this)) {
        window.Sortable.create(list, {
          group: "stories", animation: 160, draggable: "[data-story]", handle: $("[data-grip]", list) ? "[data-grip]" : "",
          filter: "details, details *", preventOnFilter: false, delay: 150, delayOnTouchOnly: true,
          ghostClass: "is-ghost", chosenClass: "is-lifted",
          onStart: () => { this.held = true; },
          onEnd: (moved) => { this.held = false; this.save(moved); },
        });
      }
      /* What others changed does not pull the list away from under the hand. */
      this.gone = new AbortController();
      this.closest('[hx-trigger^="live:"]')?.addEventListener("htmx:beforeSwap", ({ detail }) => {
        if (this.held && detail.requestConfig.verb === "get") detail.shouldSwap = false;
      }, { signal: this.gone.signal });
      /* What was refused goes back to where it was; the sentence that says why is on the page. */
      this.addEventListener("htmx:afterRequest", (event) => {
        const { status } = event.detail.xhr;
        if (status < 200 || status >= 400) this.undo?.();
      });
    }
    disconnectedCallback() { this.gone?.abort(); }
    save({ item, from, to, oldIndex, newIndex }) {
      const form = $("form[data-move]", item);
      if (!form || (from === to && oldIndex === newIndex)) return;
      const inputs = $$('input[name="column"], input[name="before"]', form);
      const values = { column: to.dataset.column, before: item.nextElementSibling?.dataset.story ?? to.dataset.next ?? "" };
      for (const input of inputs) { input.value = values[input.name]; input.disabled = false; }
      this.undo = () => {
        for (const input of inputs) input.disabled = true;
        const others = [...from.children].filter((child) => child !== item);
        from.insertBefore(item, others[oldIndex] ?? null);
        this.undo = null;
      };
      form.requestSubmit();
    }
  });
})();
