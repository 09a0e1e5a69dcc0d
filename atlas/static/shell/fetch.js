/**
 * Files of the site, fetched; one that does not arrive is an error that names it.
 */

/**
 * @param {URL} url
 * @returns {Promise<any>}
 */
export async function fetchJson(url) {
  return (await fetched(url)).json();
}

/**
 * @param {URL} url
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchBytes(url) {
  return (await fetched(url)).arrayBuffer();
}

/** @param {URL} url */
async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url.pathname} answered ${answer.status}`);
  return answer;
}
