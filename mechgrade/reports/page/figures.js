"use strict";
// Values on hover and by the arrow keys, for every figure that is or comes into the page. All else works without it.
{
  const places = new WeakMap();

  const read = (figure) => JSON.parse(figure.querySelector("script").textContent);
  const word = (number) => (number === null ? "not a number" : String(number));

  function show(figure, data, row, column) {
    const flat = data.axes.length === 1;
    const value = (numbers) => (flat ? numbers[column] : numbers[row][column]);
    const mine = value(data.mine);
    const where = flat
      ? `${data.axes[0]} ${data.labels[0][column]}`
      : `${data.axes[0]} ${data.labels[0][row]}, ${data.axes[1]} ${data.labels[1][column]}`;
    let text = `${where}: yours ${word(mine)}`;
    if (data.reference !== null) {
      const theirs = value(data.reference);
      text += `, reference ${word(theirs)}`;
      if (mine !== null && theirs !== null) text += `, difference ${Number((mine - theirs).toPrecision(4))}`;
    }
    places.set(figure, [row, column]);
    figure.querySelector(".readout").textContent = text;
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

  const size = (data) => (data.axes.length === 1 ? [1, data.labels[0].length] : data.labels.map((each) => each.length));

  document.addEventListener("pointermove", (event) => {
    const svg = event.target.closest("figure .panels svg");
    if (svg === null) return;
    const figure = svg.closest("figure");
    const data = read(figure);
    const [rows, columns] = size(data);
    const area = (svg.querySelector("image") || svg.querySelector(".frame")).getBoundingClientRect();
    const x = (event.clientX - area.left) / area.width;
    const y = (event.clientY - area.top) / area.height;
    if (x < 0 || x > 1 || y < 0 || y > 1) return;
    const column = data.axes.length === 1 ? Math.round(x * (columns - 1)) : Math.floor(x * columns);
    show(figure, data, Math.min(Math.floor(y * rows), rows - 1), Math.min(column, columns - 1));
  });

  document.addEventListener("keydown", (event) => {
    const panels = event.target.closest("figure .panels");
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (panels === null || step === undefined) return;
    event.preventDefault();
    const figure = panels.closest("figure");
    const data = read(figure);
    const [rows, columns] = size(data);
    const place = places.get(figure);
    const [row, column] = place === undefined ? [0, 0] : [place[0] + step[0], place[1] + step[1]];
    show(figure, data, Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1));
  });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
