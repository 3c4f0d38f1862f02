import type { AxisBounds } from './spec.js';

const TO_SCALE = {
  linear: (x: number) => x,
  log: Math.log,
  logit: (x: number) => Math.log(x / (1 - x)),
};

/** Where a value lies between the bounds on the axis's own scale: 0 at the lower bound, 1 at the upper. */
export function axisPosition(axis: AxisBounds, value: number): number | undefined {
  if (axis.scale === 'choice' || !axis.bounds) return undefined;
  const to = TO_SCALE[axis.scale];
  const [low, high] = axis.bounds;
  return (to(value) - to(low)) / (to(high) - to(low));
}
