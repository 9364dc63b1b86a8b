// A click on a column's title sorts by it, another one the other way round. Numbers come in data-value; cells that say
// nothing, and what is not a number, stay at the end.
"use strict";
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const titles = [...table.tHead.rows[0].cells];
  titles.forEach((title, column) => {
    title.querySelector("button").addEventListener("click", () => {
      const direction = title.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      const keys = new Map([...body.rows].map((row) => [row, keyOf(row.cells[column])]));
      const order = [...body.rows].sort((a, b) => compare(keys.get(a), keys.get(b), sign));
      body.append(...order);
    });
  });
}

function keyOf(cell) {
  const value = Number(cell.dataset.value);
  if (cell.dataset.value !== undefined) return Number.isNaN(value) ? null : value;
  const text = (cell.querySelector("summary") ?? cell).textContent.trim();
  return text === "" ? null : text;
}

function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}
