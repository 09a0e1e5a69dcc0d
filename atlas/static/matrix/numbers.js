/**
 * The same in `atlas/words.py`, `atlas/site/figures/heatmap.py` and `atlas/profiles/matrix_csv.py`, for
 * what stands on a page before a script has run and for `atlas csv`.
 *
 * Numbers and cells as people read them, and a matrix as CSV.
 */

/**
 * A profile's matrix, as its JSON file holds it.
 * @typedef {object} Matrix
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {string} direction
 * @property {"sequential"|"diverging"|"categorical"|"counts"|"binary"} kind
 * @property {"linear"|"log"} scale
 * @property {[number|null, number|null]} [range]
 * @property {[string, string]} axes
 * @property {string[]} rows
 * @property {string[]} columns
 * @property {string[]} [native]
 * @property {string[]} [categories]
 * @property {(number|null)[][]} values
 * @property {(number|null)[][]} [spread] standard errors
 * @property {(number|null)[][]} [largest_share] of a single passage in a value
 * @property {"wilson"} [estimate] what gives the spread of shares, which the file does not write out
 * @property {number} [n]
 * @property {[string, string][]} [undefined] the cells whose value cannot be defined, by their labels
 * @property {Matrix} [beside] where its first column is that of another matrix: that one
 * @property {Matrix} [own] and this one without it
 */

/** Standard errors of their difference within which two values are not told apart. */
export const SURELY = 2;

export const ABSENT = "does not exist in this architecture";
export const UNDEFINED = "cannot be defined for this model";

/** Arrays beside the values, each with columns of its own in a CSV file. */
const BESIDE = /** @type {const} */ (["spread", "largest_share"]);
/** Errors below it are rounding, of what has none by definition. */
export const NOISE = 1e-12;
/** Share of a value from which on a single passage that makes it is told. */
export const DOMINANT = 0.2;

/** Sizes between which a number is written without a power of ten. */
const PLAIN = [1e-4, 1e6];
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * A value to 3 significant digits, for axes and sentences: 0.412, −12.3, 12,300, 2.3 × 10⁻⁷.
 * @param {number} value
 * @returns {string}
 */
export function number(value) {
  return written(rounded(value, 3));
}

/**
 * A value to that many significant digits, halves away from 0; for files, and before `written`.
 * @param {number} value
 * @param {number} digits
 */
export function rounded(value, digits) {
  return Number(value.toPrecision(digits));
}

/**
 * A value with all of its digits: those of a file, or those that rounding has left.
 * @param {number} value
 * @returns {string}
 */
export function written(value) {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0 || (size >= PLAIN[0] && size <= PLAIN[1])) return sign + inGroups(String(size));
  const [first] = size.toExponential().split("e");
  const raised = [...String(exponent(size))].map((digit) => RAISED[Number(digit)] ?? "⁻").join("");
  return `${sign}${first === "1" ? "" : `${first}\u00a0×\u00a0`}10${raised}`;
}

/**
 * @param {number} value above 0
 * @returns {number} the power of ten of its first digit
 */
export function exponent(value) {
  return Number(value.toExponential().split("e")[1]);
}

/**
 * A value with that many digits behind its point, halves away from 0.
 * @param {number} value
 * @param {number} places
 */
export function decimals(value, places) {
  const size = Math.abs(value).toFixed(places);
  return `${value < 0 && Number(size) ? "−" : ""}${inGroups(size)}`;
}

/**
 * A cell's value with all the digits that its JSON file has.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 * @returns {string}
 */
export function exact(matrix, row, column) {
  const value = matrix.values[row][column];
  if (value === null) return isUndefined(matrix, row, column) ? UNDEFINED : ABSENT;
  return classes(matrix)[value] ?? scalar(value);
}

/**
 * A scalar of a profile with all of its digits; whole numbers are never powers of ten.
 * @param {number | string | boolean | null} value
 * @returns {string}
 */
export function scalar(value) {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) ? grouped(value) : written(value);
}

/**
 * How sure a cell's value is: its standard error, and whether a single passage makes much of it.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 * @returns {[string, string]} each empty where nothing is known, or to be said
 */
export function trust(matrix, row, column) {
  const [own, at] = owner(matrix, column);
  const error = isWhole(own) ? null : (own.spread?.[row][at] ?? null);
  const share = own.largest_share?.[row][at] ?? 0;
  return [
    error === null ? "" : `${plusMinus(error)} (standard error)`,
    share > DOMINANT ? `${Math.round(100 * share)}% of it comes from one passage or sequence` : "",
  ];
}

/**
 * A standard error as it stands behind a value: two digits say all that it can.
 * @param {number} error
 */
export function plusMinus(error) {
  return error < NOISE ? "± 0" : `± ${written(rounded(error, 2))}`;
}

/**
 * Whether a cell without a value has one that cannot be defined, and not none at all.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
export function isUndefined(matrix, row, column) {
  const [{ undefined: cells, rows, columns }, at] = owner(matrix, column);
  return (cells ?? []).some((cell) => cell[0] === rows[row] && cell[1] === columns[at]);
}

/**
 * The matrix that a column belongs to, and its place there: the first may be of another matrix.
 * @param {Matrix} matrix
 * @param {number} column
 * @returns {[Matrix, number]}
 */
export function owner(matrix, column) {
  if (!matrix.beside || !matrix.own) return [matrix, column];
  return column ? [matrix.own, column - 1] : [matrix.beside, 0];
}

/**
 * `layer 3`, but `attn.q` alone: a module's name says what it is.
 * @param {string} axis
 * @param {string} label
 * @returns {string}
 */
export function place(axis, label) {
  return /^\d+$/.test(label) ? `${axis.replaceAll("_", " ")} ${label}` : label;
}

/**
 * Where a cell is, the layer before the head whichever way it is drawn.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
export function placeOf({ axes, rows, columns }, row, column) {
  const both = [place(axes[0], rows[row]), place(axes[1], columns[column])];
  return (axes[0] === "head" ? both.reverse() : both).join(", ");
}

/** @param {string[]} labels */
export function numeric(labels) {
  return labels.every((label) => /^\d+$/.test(label));
}

/** @type {WeakMap<Matrix, number[]>} */
const sorted = new WeakMap();

/**
 * The values that exist, in ascending order; sorted once a matrix.
 * @param {Matrix} matrix
 * @returns {readonly number[]}
 */
export function known(matrix) {
  let found = sorted.get(matrix);
  if (!found) {
    const values = /** @type {number[]} */ (matrix.values.flat().filter((value) => value !== null));
    found = [...Float64Array.from(values).sort()];
    sorted.set(matrix, found);
  }
  return found;
}

/** @param {Matrix} matrix */
export function isWhole(matrix) {
  return matrix.kind === "categorical" || matrix.kind === "binary";
}

/** The unit of a binary matrix names its two values: `1 kept, 0 pruned`. */
const BINARY = /^1 (.+), 0 (.+)$/;

/**
 * What the values of classes are called, by value; none where values are numbers.
 * @param {Matrix} matrix
 * @returns {string[]}
 */
export function classes({ kind, unit, categories }) {
  if (kind !== "binary") return categories ?? [];
  const named = BINARY.exec(unit);
  return named ? [named[2], named[1]] : ["0", "1"];
}

/**
 * The unit as a reader is told it, who sees no codes of classes: `kept or pruned`.
 * @param {{kind: string, unit: string}} matrix
 */
export function toldUnit({ kind, unit }) {
  return kind === "binary" ? unit.replace(BINARY, "$1 or $2") : unit;
}

/**
 * A value in a sentence or at a tick: counts keep all of their digits.
 * @param {Matrix} matrix
 * @param {number} value
 */
export function worded(matrix, value) {
  return matrix.kind === "counts" && Number.isInteger(value) ? grouped(value) : number(value);
}

/**
 * A whole number with its digits in groups of three.
 * @param {number} value
 */
export function grouped(value) {
  return `${value < 0 ? "−" : ""}${inGroups(String(Math.abs(value)))}`;
}

/** @param {string} digits with or without a point */
function inGroups(digits) {
  const [whole, ...rest] = digits.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
}

/**
 * `1 model`, `1,234 models`.
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * A cell's place among all cells, 1 for the highest.
 * @param {readonly number[]} ascending
 * @param {number} value
 * @returns {number}
 */
export function rank(ascending, value) {
  let [low, high] = [0, ascending.length]; // values at `high` and beyond are above the value
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return ascending.length - high + 1;
}

/**
 * What a higher value means; empty of classes, which have no order.
 * @param {Matrix} matrix
 */
export function direction(matrix) {
  if (matrix.kind === "categorical") return "";
  return `${matrix.kind === "binary" ? "Dark" : "Higher"}: ${matrix.direction}`;
}

/**
 * A matrix as comma-separated text: a row a line, classes by name, empty where a value does not exist,
 * NaN where it cannot be defined; behind the values what is known of their spread.
 * @param {Matrix} matrix
 * @returns {string}
 */
export function csv(matrix) {
  const own = matrix.own ?? matrix;
  const beside = BESIDE.filter((name) => own[name]);
  const more = beside.flatMap((name) => own.columns.map((label) => `${label} ${name}`));
  const head = [`${matrix.axes[0]} \\ ${matrix.axes[1]}`, ...matrix.columns, ...more];
  const names = classes(matrix).map(field);
  const lines = matrix.values.map((values, row) => [
    field(matrix.rows[row]),
    ...values.map((value, column) => (value === null ? blank(matrix, row, column) : (names[value] ?? String(value)))),
    ...beside.flatMap((name) => (own[name]?.[row] ?? []).map((value) => String(value ?? ""))),
  ]);
  return [head.map(field), ...lines].map((line) => `${line.join(",")}\r\n`).join("");
}

/**
 * What a cell without a value is in a CSV file.
 * @param {Matrix} matrix
 * @param {number} row
 * @param {number} column
 */
export function blank(matrix, row, column) {
  return isUndefined(matrix, row, column) ? "NaN" : "";
}

/**
 * A label as a CSV field that no spreadsheet takes for a formula.
 * @param {string} text
 * @returns {string}
 */
export function field(text) {
  const safe = /^[=+@-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
