import type { WorkerLabels } from '@hatchet-ts/storage/workers';
import type { DesiredLabel, DesiredLabels, LabelComparator } from '@hatchet-ts/storage/workflows';

/** Desired worker labels as canonical JSON: equal wishes have equal text. Empty if there are none. */
export function affinityText(...labels: (DesiredLabels | undefined)[]): string {
  const wanted = Object.entries(Object.assign({}, ...labels) as DesiredLabels);
  if (wanted.length === 0) return '';
  const sorted = wanted.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(
    sorted.map(([key, { value, comparator, required, weight }]) => [key, { value, comparator, required, weight }]),
  );
}

/** Sums the weights of the desired labels that a worker has; undefined if it lacks a required one. */
export function suitability(affinity: string, labels: WorkerLabels): number | undefined {
  if (affinity === '') return 0;
  let sum = 0;
  for (const [key, wanted] of JSON.parse(affinity) as [string, DesiredLabel][]) {
    if (matches(labels[key], wanted)) sum += wanted.weight;
    else if (wanted.required) return undefined;
  }
  return sum;
}

function matches(value: string | number | undefined, wanted: DesiredLabel): boolean {
  if (value === undefined || typeof value !== typeof wanted.value) return false;
  return COMPARE[wanted.comparator](value, wanted.value);
}

type Value = string | number;
const COMPARE: Record<LabelComparator, (value: Value, wanted: Value) => boolean> = {
  '=': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '>': (value, wanted) => value > wanted,
  '>=': (value, wanted) => value >= wanted,
  '<': (value, wanted) => value < wanted,
  '<=': (value, wanted) => value <= wanted,
};
