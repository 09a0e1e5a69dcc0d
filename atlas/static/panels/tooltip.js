/**
 * The tooltip of a figure: what it says of the place that is pointed at, where it stands, and what
 * is read aloud.
 */

import { made } from "../shell/dom.js";

/** @typedef {{left: number, right: number, top: number, bottom: number}} Box what is pointed at, in pixels of the stage */
/**
 * How what it says is read aloud: by `say`, for those who use keys; as it changes; or not at all.
 * @typedef {"spoken" | "status" | "silent"} Voice
 */

const [ASIDE, ABOVE] = [10, 8]; // pixels between a tooltip and its cell

export class Tooltip {
  /**
   * @param {HTMLElement} stage that it stands in
   * @param {Voice} [voice]
   */
  constructor(stage, voice = "spoken") {
    this.stage = stage;
    this.element = made("div", "atlas-tip");
    this.element.hidden = true;
    this.voice = made("div", "atlas-voice");
    this.voice.setAttribute("aria-live", "polite");
    stage.append(this.element);
    if (voice === "status") this.element.setAttribute("role", "status");
    if (voice !== "spoken") return;
    this.element.setAttribute("aria-hidden", "true"); // what it tells is spoken by `voice`
    stage.append(this.voice);
  }

  get hidden() {
    return this.element.hidden;
  }

  /** Width in pixels, while it is shown. */
  get width() {
    return this.element.offsetWidth;
  }

  /** Height in pixels, while it is shown. */
  get height() {
    return this.element.offsetHeight;
  }

  /**
   * @param {string} value in large print
   * @param {string[]} lines
   * @param {string[]} [notes] in small print; empty ones are left out
   */
  tell(value, lines, notes = []) {
    this.show(
      made("strong", "atlas-value", value),
      ...lines.map((line) => made("span", "", line)),
      ...notes.filter(Boolean).map((note) => made("small", "", note)),
    );
  }

  /** @param {HTMLElement[]} parts where they are others than before */
  show(...parts) {
    if (parts.length) this.element.replaceChildren(...parts);
    this.element.hidden = false;
  }

  hide() {
    this.element.hidden = true;
  }

  /** Read words aloud. @param {string} words */
  say(words) {
    this.voice.textContent = words;
  }

  /**
   * A cell of a canvas that has a pixel for each.
   * @param {HTMLCanvasElement} canvas
   * @param {number} row
   * @param {number} column
   * @returns {Box}
   */
  cell(canvas, row, column) {
    const [map, home] = [canvas.getBoundingClientRect(), this.stage.getBoundingClientRect()];
    const [wide, high] = [map.width / canvas.width, map.height / canvas.height];
    const [left, top] = [map.left - home.left + wide * column, map.top - home.top + high * row];
    return { left, right: left + wide, top, bottom: top + high };
  }

  /**
   * At half the height of what is pointed at, on its right; on its left where the stage ends before.
   * @param {Box} box
   * @param {number} [gap] pixels between them
   * @param {number} [height] that it does not leave; it may leave the stage where none is given
   */
  beside({ left, right, top, bottom }, gap = ASIDE, height) {
    const before = left - gap - this.width;
    const isRight = right + gap + this.width <= this.stage.clientWidth || before < 0;
    const y = (top + bottom - this.height) / 2;
    this.put(isRight ? right + gap : before, height === undefined ? y : Math.max(0, Math.min(height - this.height, y)));
  }

  /**
   * Above a cell and on its right; on its left where the stage ends before.
   * @param {Box} box
   */
  above({ left, right, top }) {
    const isRight = right + ASIDE + this.width <= this.stage.clientWidth;
    this.put(isRight ? right + ASIDE : left - ASIDE - this.width, Math.max(0, top - ABOVE - this.height));
  }

  /**
   * Anywhere, though inside the stage across.
   * @param {number} x of its left edge
   * @param {number} y of its upper edge
   */
  put(x, y) {
    const left = Math.min(Math.max(0, x), Math.max(0, this.stage.clientWidth - this.width));
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(y)}px)`;
  }

  dispose() {
    this.element.remove();
    this.voice.remove();
  }
}
