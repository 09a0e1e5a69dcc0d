/**
 * Profiles and parts of them, each loaded once.
 */

import { restsOnPairs } from "../matrix/common-relations.js";
import { withSpread } from "../matrix/chance.js";
import { partOf } from "../matrix/paired.js";
import { fetchJson } from "../shell/fetch.js";

/** @typedef {import("./address.js").Wish} Wish */
/** @typedef {import("./chooser.js").Listed} Listed */
/** @typedef {import("./scene.js").Chosen} Chosen */
/** @typedef {import("../matrix/contrast.js").Profile} Profile */

/** The format of profiles from which on the pairs of relations lie beside them. */
const PAIRED = 3;

export class Files {
  /** @param {Map<string, Listed>} models */
  constructor(models) {
    this.models = models;
    /** Profiles and parts of them, by address. @type {Map<string, Promise<any>>} */
    this.found = new Map();
  }

  /**
   * Models with their profiles of an analysis.
   * @param {string[]} slugs
   * @param {string} analysis
   * @returns {Promise<Chosen[]>}
   */
  async chosen(slugs, analysis) {
    const profiles = await Promise.all(slugs.map((slug) => this.profile(slug, analysis)));
    return slugs.map((slug, at) => {
      const { name, page, stale, doubts } = /** @type {Listed} */ (this.models.get(slug));
      return { slug, name, page, stale: stale.has(analysis), doubt: doubts[analysis] ?? "", profile: profiles[at] };
    });
  }

  /**
   * The same models with what a quantity of theirs rests on.
   * @param {Chosen[]} chosen
   * @param {string} matrix
   * @returns {Promise<Chosen[]>}
   */
  async whole(chosen, matrix) {
    if (chosen.length < 2) return chosen;
    const passages = await Promise.all(chosen.map((one) => this.passages(one, matrix)));
    const pairs = await Promise.all(chosen.map((one) => this.pairs(one, matrix)));
    return chosen.map((one, at) => ({ ...one, passages: passages[at], pairs: pairs[at] }));
  }

  /**
   * @param {string} slug
   * @param {string} analysis
   * @returns {Promise<Profile|null>} null where the model has none
   */
  async profile(slug, analysis) {
    const model = this.models.get(slug);
    if (!model || !(model.fresh.has(analysis) || model.stale.has(analysis))) return null;
    return withSpread(await this.file(new URL(`${analysis}.json`, model.page)));
  }

  /**
   * What was measured passage by passage. Without it a difference is less sure than it might be, which
   * the page tells.
   * @param {Chosen} one
   * @param {string} matrix
   * @returns {Promise<import("../matrix/paired.js").Passage[]|null>}
   */
  async passages({ profile, page }, matrix) {
    const part = profile && partOf(profile, matrix);
    if (!profile || !part) return null;
    return this.file(new URL(`${profile.analysis}.${part}.json`, page)).then((found) => found[part], () => null);
  }

  /**
   * The pairs that a quantity rests on, where it rests on any; null where they cannot be read.
   * @param {Chosen} one
   * @param {string} matrix
   * @returns {Promise<import("./scene.js").Pairs[]|null>}
   */
  async pairs({ profile, page }, matrix) {
    if (!profile || profile.format < PAIRED || !restsOnPairs(profile, matrix)) return null;
    return this.file(new URL(`${profile.analysis}.pairs.json`, page)).then((found) => found.pairs ?? null, () => null);
  }

  /**
   * @param {URL} url
   * @returns {Promise<any>} loaded once
   */
  file(url) {
    let found = this.found.get(url.href);
    if (!found) {
      found = fetchJson(url);
      this.found.set(url.href, found);
      found.catch(() => this.found.delete(url.href));
    }
    return found;
  }
}
