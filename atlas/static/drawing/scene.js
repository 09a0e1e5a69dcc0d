/**
 * What a figure is, for whoever draws it: screen, export and print are given the same scene, so that
 * they show the same. A figure's own module describes it; `svg.js` draws it, `exporting.js` makes files
 * of it, `printing.js` puts it on paper. `atlas/site/figures/drawing.py` describes and draws the same
 * for what stands on a page before a script has run.
 */

/**
 * A figure: panels in rows, what their colours mean, and words.
 * @typedef {object} Scene
 * @property {string} title
 * @property {string[]} caption sentences: what is shown, under which conditions, and the source with its
 *   version and revision
 * @property {Panel[][]} rows of panels; those of a row share the width by their `weight`, and go into
 *   several rows where the paper is too narrow for the names of their columns
 * @property {Key[]} keys what the colours mean, below the panels or beside them
 */
/**
 * A plot with its axes. Cells, lines and points lie in the coordinates of the axes: column 0 of a grid
 * spans -0.5 to 0.5, row 0 lies at the top.
 * @typedef {object} Panel
 * @property {string} title "" for none
 * @property {string} [note] beside the title, fainter
 * @property {Axis} x
 * @property {Axis} y `from` is its lower end on the paper: of a grid of n rows n - 0.5
 * @property {Grid} [grid]
 * @property {Line[]} [lines]
 * @property {Point[]} [points]
 * @property {Word[]} [words]
 * @property {boolean} [blank] a place left free, so that the row's other panels are as wide as those above
 * @property {string} [empty] why there is nothing in it, written into its middle
 * @property {number} [weight] its share of the row's width, 1 by default
 * @property {boolean} [alike] its y axis is that of the panel before it, and is drawn again only where a
 *   row begins with it
 * @property {number} [least] points that it takes, at least: on narrower paper a row of such panels goes
 *   into several rows of equal ones
 * @property {number} [ratio] height of the plot by its width; otherwise what its grid asks for
 */
/**
 * @typedef {object} Axis
 * @property {string} title with its unit; "" for none
 * @property {number} from
 * @property {number} to
 * @property {Tick[]} ticks those that the screen shows; where paper is too narrow for all, every second,
 *   third ... is left out, never shortened
 */
/** @typedef {{at: number, label: string}} Tick */
/**
 * Cells, a row after the other.
 * @typedef {object} Grid
 * @property {number} rows
 * @property {number} columns
 * @property {(string|null)[]} colours `#rrggbb`; null where there is no value, which is hatched; "" where
 *   there is nothing at all, which stays white
 * @property {boolean[][]|null} [dotted] cells within their error
 * @property {[number, number] | null} [marked] row and column of a cell that is pointed out
 * @property {boolean} [lined] white lines part the cells
 * @property {number[]} [apart] columns before which a gap is left: what follows is another matrix
 */
/** @typedef {{name: string, colour: string, points: [number, number][], dots?: boolean}} Line */
/** @typedef {{x: number, y: number, colour: string, size?: number, label?: string, hollow?: boolean}} Point size: its radius in points, 2 by default; hollow: a ring */
/** @typedef {{x: number, y: number, text: string}} Word what stands in a plot, from its left end on */
/**
 * A colour bar with ticks at shares of its length, lying below the panels or upright beside them, or
 * classes in rows.
 * @typedef {{kind: "bar", title: string, palette: string[], ticks: Tick[], beside?: boolean} | {kind: "classes", title: string, classes: Class[]}} Key
 */
/** @typedef {{label: string, colour: string|null, mark?: "line"|"dot"}} Class colour null: hatched; mark: how it looks, a box by default */

/** What a figure gives to be exported. `file` is the name without its ending; the CSV has the values that are drawn, with names in place of codes. @typedef {{scene: Scene, file: string, csv: () => string}} Exported */

/**
 * The axis of a grid's columns.
 * @param {string} title
 * @param {string[]} labels of all columns
 * @param {number[]} shown places of those that the screen labels
 * @returns {Axis}
 */
export function across(title, labels, shown) {
  return { title, from: -0.5, to: labels.length - 0.5, ticks: shown.map((at) => ({ at, label: labels[at] })) };
}

/**
 * The axis of a grid's rows, the first at the top.
 * @param {string} title
 * @param {string[]} labels
 * @param {number[]} shown
 * @returns {Axis}
 */
export function down(title, labels, shown) {
  return { ...across(title, labels, shown), from: labels.length - 0.5, to: -0.5 };
}

/**
 * The colour that the screen gives to a share of the palette, null for one that does not exist.
 * @param {string[]} palette
 * @param {number} share
 */
export function colourOf(palette, share) {
  if (Number.isNaN(share)) return null;
  return palette[Math.min(palette.length - 1, Math.floor(share * palette.length))];
}
