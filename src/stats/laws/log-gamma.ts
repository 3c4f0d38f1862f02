/** B₂ₖ/(2k (2k − 1)) for k = 1, 2, …, the coefficients of Stirling's series (DLMF 5.11.1). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
/** From here on the series above is exact to the last bit. */
const LARGE = 12;

/** ln Γ(x), to about 1e-15 of the larger of itself and 1. @param x above 0 */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  while (shifted < LARGE) product *= shifted++;
  const series = STIRLING.reduce((sum, c, k) => sum + c / shifted ** (2 * k + 1), 0);
  const stirling = (shifted - 0.5) * Math.log(shifted) - shifted + Math.log(2 * Math.PI) / 2;
  return stirling + series - Math.log(product);
}
