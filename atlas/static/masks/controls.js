/**
 * The controls of the block masks: how many blocks are pruned, the order of topics, which masks are
 * shown. What is chosen is in the address.
 */

import { readChoice, writeChoice } from "./address.js";
import { percent, shareText } from "./words.js";
import { rounded } from "../matrix/numbers.js";
import { button, labelled, made, select } from "../shell/dom.js";

/** @typedef {import("./data.js").Masks} Masks */

export class Controls {
  /**
   * @param {Masks} masks
   * @param {() => void} paint what is chosen
   * @param {AbortSignal} signal
   */
  constructor(masks, paint, signal) {
    this.masks = masks;
    this.paint = paint;
    this.slider = made("input");
    Object.assign(this.slider, { type: "range", min: "0", max: String(masks.blocks), step: "1", autocomplete: "off" });
    this.output = made("output");
    this.reset = button(`Back to ${percent(masks.sparsity)}`);
    this.topics = select([["similarity", "By similarity"], ["number", "By number"]]);
    this.source = select([["delta", "By loss increase"], ["learned", "Learned"]]);
    this.element = made("div", "atlas-controls");
    this.element.append(labelled("Blocks pruned for each topic", this.slider, this.output), this.reset, labelled("Order of topics", this.topics));
    if (masks.learned) this.element.append(labelled("Masks", this.source));
    this.slider.addEventListener("input", paint, { signal });
    for (const part of [this.slider, this.topics, this.source]) part.addEventListener("change", () => this.choose(), { signal });
    this.reset.addEventListener("click", () => this.back(), { signal });
  }

  /** Blocks that are pruned for every topic. */
  get count() {
    return Number(this.slider.value);
  }

  /** Blocks that the measured sparsity prunes. */
  get measured() {
    return this.masks.count(this.masks.sparsity);
  }

  get learned() {
    return Boolean(this.masks.learned) && this.source.value === "learned";
  }

  get numbered() {
    return this.topics.value === "number";
  }

  /** The reader has chosen something: it goes into the address. */
  choose() {
    const { count, measured, numbered, learned } = this;
    const sparsity = count === measured ? null : rounded(count / this.masks.blocks, 4);
    writeChoice({ sparsity, numbered, learned });
    this.paint();
  }

  /** The measured sparsity again. */
  back() {
    this.slider.value = String(this.measured);
    this.choose();
    this.slider.focus(); // the button is hidden
  }

  /** Show what the address names. */
  readAddress() {
    const { sparsity, numbered, learned } = readChoice();
    this.slider.value = String(this.masks.count(sparsity ?? this.masks.sparsity));
    this.topics.value = numbered ? "number" : "similarity";
    this.source.value = learned && this.masks.learned ? "learned" : "delta";
  }

  /** Say what is shown. */
  tell() {
    const told = shareText(this.count, this.masks.blocks);
    this.output.textContent = told;
    this.slider.setAttribute("aria-valuetext", told);
    this.slider.disabled = this.learned; // these masks exist at the measured sparsity alone
    this.reset.hidden = this.learned || this.count === this.measured;
  }
}
