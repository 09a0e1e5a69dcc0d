/**
 * The data table of a matrix, built when it is first opened.
 */

/** @typedef {import("../matrix/numbers.js").Matrix} Matrix */

/**
 * @param {Matrix} matrix
 * @returns {HTMLElement}
 */
export function table(matrix) {
  const made = document.createElement("table");
  made.className = "atlas-values"; // the theme makes a table without a class a scroller of its own
  made.append(caption(matrix), head(matrix), body(matrix));
  const scroll = document.createElement("div");
  scroll.className = "atlas-scroll";
  scroll.tabIndex = 0;
  scroll.append(made);
  return scroll;
}

/** @param {Matrix} matrix */
function caption(matrix) {
  const made = document.createElement("caption");
  made.textContent = `${matrix.title}, ${matrix.unit}`;
  return made;
}

/** @param {Matrix} matrix */
function head(matrix) {
  const made = document.createElement("thead");
  const row = made.insertRow();
  row.append(header(`${matrix.axes[0]} \\ ${matrix.axes[1]}`.replaceAll("_", " "), "col"));
  row.append(...matrix.columns.map((label) => header(label, "col")));
  return made;
}

/** @param {Matrix} matrix */
function body(matrix) {
  const made = document.createElement("tbody");
  matrix.values.forEach((values, at) => {
    const row = made.insertRow();
    row.append(header(matrix.rows[at], "row"));
    for (const value of values) row.insertCell().textContent = shown(matrix, value);
  });
  return made;
}

/**
 * @param {Matrix} matrix
 * @param {number | null} value
 */
function shown(matrix, value) {
  if (value === null) return "–";
  return matrix.categories ? matrix.categories[value] : String(value);
}

/**
 * @param {string} text
 * @param {string} scope
 */
function header(text, scope) {
  const made = document.createElement("th");
  made.scope = scope;
  made.textContent = text;
  return made;
}
