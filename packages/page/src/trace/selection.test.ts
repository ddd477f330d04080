import { layoutWaterfall, UNFOLDED, visibleRows } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { span } from '../testing/spans.ts';
import { type Move, moveSelection } from './selection.ts';

const { rows } = layoutWaterfall([span('a'), span('b', 'a'), span('c', 'b'), span('d', 'a')], { nested: 'folded' })[0]!;

/** Keys of the rows that the moves select, one after another. */
function walk(start: string, ...moves: Move[]): string {
  let folds = UNFOLDED;
  let selected = rows.findIndex((row) => row.key === start);
  const names = moves.map((move) => {
    const moved = moveSelection(rows, { visible: visibleRows(rows, folds), selected, folds, page: 2 }, move);
    ({ selected, folds } = moved);
    return rows[selected]!.key;
  });
  return names.join('');
}

test('moves up and down, by pages, and to the ends', () => {
  expect(walk('a', 'down', 'down', 'up', 'last', 'down', 'first', 'up')).toBe('bcbddaa');
  expect(walk('a', 'page-down', 'page-down', 'page-up')).toBe('cdb');
});

test('out closes, then goes to the parent; in opens, then goes to the first child', () => {
  expect(walk('c', 'out', 'out', 'down', 'up', 'in', 'in', 'in')).toBe('bbdbbcc');
  expect(walk('a', 'out', 'out', 'down')).toBe('aaa');
});

test('the first move selects a row if none is selected', () => {
  expect(walk('none', 'down', 'down')).toBe('ab');
  expect(walk('none', 'last')).toBe('d');
});
