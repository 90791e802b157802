/* The cells of a matrix by keyboard: arrows go from cell to cell, 0 to 3 set a level, L ticks "wants to learn". */
(() => {
  "use strict";
  const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  customElements.define("ui-matrix", class extends HTMLElement {
    connectedCallback() {
      this.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !event.target.matches("select")) return;
        if (STEPS[event.key]) this.go(event, ...STEPS[event.key]);
        else if (/^[0-3]$/.test(event.key)) { event.preventDefault(); event.target.value = event.key; }
        else if (event.key.toLowerCase() === "l") this.learn(event);
      });
    }
    go(event, down, across) {
      event.preventDefault();
      const cell = event.target.closest("td");
      const rows = [...this.querySelectorAll("tbody tr")].filter((row) => row.querySelector("select"));
      const row = rows[rows.indexOf(cell.parentElement) + down];
      row?.children[cell.cellIndex + across]?.querySelector("select")?.focus();
    }
    learn(event) {
      event.preventDefault();
      const box = event.target.closest("td").querySelector('input[type="checkbox"]');
      box.checked = !box.checked;
    }
  });
})();
