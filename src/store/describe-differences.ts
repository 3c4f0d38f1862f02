const MAX_SHOWN = 8;

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Paths at which two JSON values differ, as deep as they can be told. */
function differences(before: unknown, now: unknown, path: string): string[] {
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  const comparable =
    isObject(before) && isObject(now) && Array.isArray(before) === Array.isArray(now);
  if (!comparable) return [`${path}: ${show(now)}, was ${show(before)}`];
  const a = before as Record<string, unknown>;
  const b = now as Record<string, unknown>;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => {
    const step = Array.isArray(before) ? `[${key}]` : path === '' ? key : `.${key}`;
    return differences(a[key], b[key], path + step);
  });
}

/** How the JSON value `now` differs from `before`, one line a difference, the first few only. */
export function describeDifferences(before: unknown, now: unknown): string[] {
  const all = differences(before, now, '');
  const rest = all.length - MAX_SHOWN;
  return rest > 0 ? [...all.slice(0, MAX_SHOWN), `… and ${rest} more`] : all;
}
