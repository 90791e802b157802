/* The board: cards move by dragging and by keys, and the board follows what others do.
   Each way posts what the card's menu posts; what is refused goes back, and the board shows how it is now. */
(() => {
  "use strict";
  const $ = (selector, root) => root.querySelector(selector);
  const $$ = (selector, root) => [...root.querySelectorAll(selector)];
  const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const cardOf = (link) => link?.closest("[data-story]") ?? null;
  const listOf = (card) => card.closest("[data-cards]");
  const cardsIn = (list) => $$(":scope > [data-story]", list);

  customElements.define("ui-kanban", class extends HTMLElement {
    connectedCallback() {
      this.lifted = null;    // the card that the keys move, with where it was
      this.held = false;     // a pointer drags a card
      this.sending = false;  // a move is under way
      this.stale = false;    // something changed while the board could not be swapped
      if (window.Sortable) for (const list of $$("[data-cards]", this)) this.sortable(list);
      this.addEventListener("keydown", (event) => this.key(event));
      this.addEventListener("focusout", (event) => { if (!this.contains(event.relatedTarget)) this.putBack(); });
      this.addEventListener("toggle", (event) => this.menu(event.target), true);
      this.addEventListener("htmx:configRequest", (event) => this.ask(event));
      this.addEventListener("htmx:beforeSwap", (event) => this.mayBeSwapped(event));
    }

    /* What others changed waits while a card is in the hand or a menu is open. */
    get isBusy() { return this.held || this.sending || this.lifted || $("details.menu[open]", this); }
    mayBeSwapped(event) {
      if (event.detail.requestConfig?.elt !== this || event.detail.target !== this) return;
      if (this.isBusy) { this.stale = true; event.detail.shouldSwap = false; return; }
      this.keepPlace();
    }
    keepPlace() {
      const { scrollLeft = 0, scrollTop = 0 } = $(".board", this) ?? {};
      document.addEventListener("htmx:afterSwap", () => {
        const board = $("#board .board", document);
        if (board) Object.assign(board, { scrollLeft, scrollTop });
      }, { once: true });
    }
    look() {
      if (this.isBusy || !this.isConnected) return;
      this.stale = false;
      this.dispatchEvent(new CustomEvent("board:look"));
    }
    lookIfStale() { if (this.stale) this.look(); }

    /* Cards that were fetched further down stay when the board is fetched anew. */
    get shown() {
      return $$("[data-cards]", this)
        .map((list) => [list, cardsIn(list).length])
        .filter(([, count]) => count > Number(this.dataset.first))
        .map(([list, count]) => `${list.dataset.lane}.${list.dataset.column}.${count}`);
    }
    get next() {
      const [path, query] = this.dataset.next.split("?");
      const params = new URLSearchParams(query);
      params.delete("more");
      for (const more of this.shown) params.append("more", more);
      return params.size ? `${path}?${params}` : path;
    }
    ask(event) {
      if (event.detail.elt === this) event.detail.path = this.next;
      const next = event.target.matches("form") && $('input[name="next"]', event.target);
      if (!next) return;
      event.detail.parameters.next = this.next;
      $("summary", event.target.closest("details")).focus();  // what has the focus keeps it, found again by its id
      this.keepPlace();
    }

    /* The menu of a card is fetched when it is opened. */
    menu(details) {
      if (!details.matches("details.menu")) return;
      if (!details.open) { setTimeout(() => this.lookIfStale()); return; }
      const panel = $("[data-place]", details);
      if (!panel) return;
      const place = `${this.dataset.stories}${cardOf(panel).dataset.story}/place/`;
      const address = `${place}?${new URLSearchParams({ next: this.next })}`;
      panel.removeAttribute("data-place");
      htmx.ajax("GET", address, { source: panel, target: panel, swap: "innerHTML" });
    }

    /* Dragging */
    sortable(list) {
      if (!this.dataset.stories) return;
      window.Sortable.create(list, {
        group: { name: "board", put: (to, from) => this.accepts(from.el, to.el) },
        draggable: "[data-story]", animation: 160, delay: 150, delayOnTouchOnly: true,
        filter: "details, details *", preventOnFilter: false, ghostClass: "is-ghost", chosenClass: "is-lifted",
        onStart: () => { this.held = true; },
        onEnd: ({ item, from, to, oldDraggableIndex, newDraggableIndex }) => {
          this.held = false;
          if (from === to && oldDraggableIndex === newDraggableIndex) { this.lookIfStale(); return; }
          this.send(item, from, () => this.insert(item, from, oldDraggableIndex));
        },
      });
    }
    accepts(from, to) { return this.dataset.lanes !== "kind" || from.dataset.lane === to.dataset.lane; }
    insert(card, list, at) {
      const others = cardsIn(list).filter((other) => other !== card);
      list.insertBefore(card, others[at] ?? $(":scope > [data-more]", list));
    }

    /* Keys: arrows go from card to card; Space lifts one, arrows move it, Space puts it down, Escape takes it back. */
    key(event) {
      const card = cardOf(event.target.closest(".tcard__link"));
      if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
      const arrow = ARROWS[event.key];
      const does = this.lifted ? this.liftedKey(event.key, arrow) : this.restingKey(event.key, arrow, card);
      if (!does) return;
      event.preventDefault();
      event.stopPropagation();
      does();
    }
    restingKey(key, arrow, card) {
      if (key === " " && this.dataset.stories) return () => this.lift(card);
      return arrow && (() => this.focusNear(card, arrow));
    }
    liftedKey(key, arrow) {
      if (key === " " || key === "Enter") return () => this.putDown();
      if (key === "Escape") return () => this.putBack();
      if (key === "Tab") return null;
      return arrow && (() => this.step(arrow));
    }
    focusNear(card, [across, down]) {
      const list = listOf(card);
      const at = cardsIn(list).indexOf(card);
      if (down) { this.focusOn(cardsIn(list)[at + down] ?? this.firstBeyond(list, 0, down)); return; }
      const beside = this.firstBeyond(list, across, 0);
      this.focusOn(beside && (cardsIn(listOf(beside))[at] ?? cardsIn(listOf(beside)).at(-1)));
    }
    firstBeyond(list, across, down) {
      for (let other = this.beside(list, across, down); other; other = this.beside(other, across, down)) {
        const cards = cardsIn(other);
        if (cards.length) return down < 0 ? cards.at(-1) : cards[0];
      }
      return null;
    }
    focusOn(card) { if (card) $(".tcard__link", card).focus(); }
    /* The cell so many columns and lanes further. */
    beside(list, across, down) {
      const lists = $$("[data-cards]", this);
      const wide = new Set(lists.map((each) => each.dataset.column)).size;
      const at = lists.indexOf(list);
      const column = (at % wide) + across;
      return column < 0 || column >= wide ? null : lists[at + across + down * wide] ?? null;
    }
    lift(card) {
      const list = listOf(card);
      this.lifted = { card, list, at: cardsIn(list).indexOf(card) };
      card.classList.add("is-lifted");
      this.say("lifted");
    }
    step([across, down]) {
      const { card } = this.lifted;
      const list = listOf(card);
      const others = cardsIn(list);
      const at = others.indexOf(card);
      const inside = down && at + down >= 0 && at + down < others.length;
      const to = inside ? list : this.beside(list, across, down);
      if (!to || !this.accepts(this.lifted.list, to)) { this.say("refused"); return; }
      this.moving = true;
      this.insert(card, to, inside ? at + down : down < 0 ? cardsIn(to).length : down > 0 ? 0 : at);
      this.focusOn(card);
      this.moving = false;
      card.scrollIntoView({ block: "nearest", inline: "nearest" });
      this.say("at");
    }
    putDown() {
      const { card, list, at } = this.lifted;
      this.lifted = null;
      card.classList.remove("is-lifted");
      if (listOf(card) === list && cardsIn(list).indexOf(card) === at) { this.say("at", card); this.lookIfStale(); return; }
      this.send(card, list, () => { this.insert(card, list, at); this.focusOn(card); });
    }
    putBack() {
      if (!this.lifted || this.moving) return;
      const { card, list, at } = this.lifted;
      const hadFocus = card.contains(document.activeElement);
      this.lifted = null;
      card.classList.remove("is-lifted");
      this.insert(card, list, at);
      if (hadFocus) this.focusOn(card);
      this.say("back", card);
      this.lookIfStale();
    }
    say(what, card = this.lifted?.card) {
      const list = listOf(card);
      const values = {
        title: $("h3", card).textContent.trim(), column: list.dataset.name, lane: list.dataset.laneName,
        place: cardsIn(list).indexOf(card) + 1, count: Math.max(Number(list.dataset.count), cardsIn(list).length),
      };
      const fill = (words) => words.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
      values.where = fill(this.dataset.lanes ? this.dataset.sayWhereLane : this.dataset.sayWhere);
      const said = document.getElementById("said");
      if (said) said.textContent = fill(this.dataset[`say${what[0].toUpperCase()}${what.slice(1)}`]);
    }

    /* One move, however it was made */
    async send(card, from, undo) {
      const to = listOf(card);
      const near = (step) => {
        let other = card[step];
        while (other && other.dataset.list !== card.dataset.list) other = other[step];
        return other?.dataset.story ?? "";
      };
      const before = near("nextElementSibling");
      const values = {
        column: to.dataset.column, before, after: before ? "" : near("previousElementSibling"),
        version: card.dataset.version, next: this.next,
      };
      if (to.dataset.lane !== from.dataset.lane) {
        Object.assign(values, { lanes: this.dataset.lanes, lane_was: from.dataset.lane, lane_to: to.dataset.lane });
      }
      let refused = true;
      const answered = ({ detail }) => { refused = detail.xhr.status < 200 || detail.xhr.status >= 400; };
      this.sending = true;
      this.addEventListener("htmx:afterRequest", answered);
      this.keepPlace();
      try {
        await htmx.ajax("POST", `${this.dataset.stories}${card.dataset.story}/move/`, { source: card, target: this, swap: "outerHTML", values });
      } catch {
        refused = true;  // the server could not be reached
      } finally {
        this.removeEventListener("htmx:afterRequest", answered);
        this.sending = false;
        if (refused && this.isConnected) { undo(); this.look(); }
      }
    }
  });
})();
