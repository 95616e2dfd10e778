/** Symmetric Hann window of n x n, rows first: the outer product of 0.5 - 0.5 cos(2 pi k / (n - 1)), 0 at the rim. */
export function hannWindow(n: number): Float32Array {
  const line = Float32Array.from({ length: n }, (_, k) =>
    n === 1 ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / (n - 1)),
  );
  const window = new Float32Array(n * n);
  for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) window[j * n + i] = line[j] * line[i];
  return window;
}
