"use strict";
// Values on hover and by the arrow keys. Everything else on this page works without it.
for (const figure of document.querySelectorAll("figure")) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const panels = figure.querySelector(".panels");
  const readout = figure.querySelector(".readout");
  const flat = data.axes.length === 1;
  const rows = flat ? 1 : data.labels[0].length;
  const columns = data.labels[flat ? 0 : 1].length;
  let place = null;

  const value = (numbers, row, column) => (flat ? numbers[column] : numbers[row][column]);
  const word = (number) => (number === null ? "not a number" : String(number));

  function show(row, column) {
    place = [row, column];
    const mine = value(data.mine, row, column);
    const where = flat
      ? `${data.axes[0]} ${data.labels[0][column]}`
      : `${data.axes[0]} ${data.labels[0][row]}, ${data.axes[1]} ${data.labels[1][column]}`;
    let text = `${where}: yours ${word(mine)}`;
    if (data.reference !== null) {
      const theirs = value(data.reference, row, column);
      text += `, reference ${word(theirs)}`;
      if (mine !== null && theirs !== null) text += `, difference ${Number((mine - theirs).toPrecision(4))}`;
    }
    readout.textContent = text;
    for (const cursor of figure.querySelectorAll(".cursor")) {
      cursor.removeAttribute("hidden");
      if (flat) {
        cursor.setAttribute("transform", `translate(${column * Number(cursor.dataset.step)} 0)`);
      } else {
        cursor.setAttribute("x", column * Number(cursor.getAttribute("width")));
        cursor.setAttribute("y", row * Number(cursor.getAttribute("height")));
      }
    }
  }

  panels.addEventListener("pointermove", (event) => {
    const svg = event.target.closest("svg");
    if (svg === null) return;
    const area = (svg.querySelector("image") || svg.querySelector(".frame")).getBoundingClientRect();
    const x = (event.clientX - area.left) / area.width;
    const y = (event.clientY - area.top) / area.height;
    if (x < 0 || x > 1 || y < 0 || y > 1) return;
    const column = flat ? Math.round(x * (columns - 1)) : Math.floor(x * columns);
    show(Math.min(Math.floor(y * rows), rows - 1), Math.min(column, columns - 1));
  });

  panels.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [row, column] = place === null ? [0, 0] : [place[0] + step[0], place[1] + step[1]];
    show(Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1));
  });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
