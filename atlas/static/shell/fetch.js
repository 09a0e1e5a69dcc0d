/**
 * Fetches files of the site; a request that fails is an error that names the file. Profiles come in
 * the words of today, as `atlas/profiles/rewording.py` has them for pages.
 */

/** @typedef {Record<string, {version: number, words: Record<string, string>}>} Reworded by analysis */

/** @type {Promise<Reworded> | undefined} */
let reworded;

/**
 * @param {URL} url
 * @returns {Promise<any>}
 */
export async function fetchJson(url) {
  reworded ??= fetched(new URL("words.json", import.meta.url)).then((answer) => answer.json());
  const [found, words] = await Promise.all([
    fetched(url).then((answer) => answer.json()),
    reworded.catch((error) => {
      reworded = undefined; // the next file asks again
      throw error;
    }),
  ]);
  return Array.isArray(found.matrices) ? inWordsOfToday(found, words) : found;
}

/**
 * @param {URL} url
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchBytes(url) {
  return (await fetched(url)).arrayBuffer();
}

/**
 * A profile with titles, units and directions as its analysis states them now.
 * @param {{analysis: string, version: number, matrices: Record<string, any>[]}} profile
 * @param {Reworded} reworded
 */
export function inWordsOfToday(profile, reworded) {
  const stated = reworded[profile.analysis];
  if (stated?.version !== profile.version) return profile;
  for (const matrix of profile.matrices) {
    for (const key of ["title", "unit", "direction"]) matrix[key] = stated.words[matrix[key]] ?? matrix[key];
  }
  return profile;
}

/** @param {URL} url */
async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.pathname} answered ${answer.status}`);
  return answer;
}
