// Sorting by the heads of tables, and a filter over all rows. Without scripts the tables stand in the order of the run.
(function () {
  "use strict";

  // A cell sorts by its data-v where it has one, a number; else by its text. What is unknown comes last in either direction.
  function keyOf(row, column) {
    var cell = row.cells[column];
    if (cell.hasAttribute("data-v")) {
      var value = cell.getAttribute("data-v");
      return value === "" ? null : Number(value);
    }
    return cell.textContent;
  }

  function compare(a, b, direction) {
    if (a.key === null || b.key === null)
      return (a.key === null) - (b.key === null) || a.place - b.place;
    var order = typeof a.key === "number" ? a.key - b.key : a.key.localeCompare(b.key, "en", {numeric: true});
    return direction * order || a.place - b.place;
  }

  function sort(table, head) {
    var column = head.cellIndex;
    var direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    var body = table.tBodies[0];
    var rows = Array.prototype.map.call(body.rows, function (row, place) {
      return {row: row, key: keyOf(row, column), place: place};
    });
    rows.sort(function (a, b) { return compare(a, b, direction); });
    rows.forEach(function (item) { body.appendChild(item.row); });
    Array.prototype.forEach.call(head.parentNode.cells, function (cell) { cell.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    table.querySelectorAll("thead button").forEach(function (button) {
      button.addEventListener("click", function () { sort(table, button.closest("th")); });
    });
  });

  var filter = document.getElementById("filter");
  if (filter) {
    filter.parentNode.hidden = false;
    filter.addEventListener("input", function () {
      var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      document.querySelectorAll("table.sortable tbody tr").forEach(function (row) {
        var text = row.textContent.toLowerCase();
        row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      });
    });
  }

  // Paper has nothing to click on.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
})();
