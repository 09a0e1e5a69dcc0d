/**
 * The values that a colour bar names.
 */

/**
 * Both ends and round values between them that stay clear of the ends.
 * @param {number} low
 * @param {number} high
 * @returns {number[]}
 */
export function spaced(low, high) {
  if (!(high > low)) return [low];
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const clear = (high - low) * 0.09;
  const between = [];
  for (let at = Math.ceil(low / step); at * step < high; at += 1) {
    if (at * step - low > clear && high - at * step > clear) between.push(at * step);
  }
  return [low, ...between, high];
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {number[]} both ends and powers of ten, or 1-2-5 steps over few decades
 */
export function decades(low, high) {
  if (!(high > low)) return [low];
  const wide = Math.log(high / low);
  const factors = wide > 7 ? [1] : [1, 2, 5];
  const between = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      const share = Math.log(value / low) / wide;
      if (share > 0.09 && share < 0.91) between.push(value);
    }
  }
  return [low, ...between, high];
}
