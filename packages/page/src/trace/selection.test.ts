import { layoutWaterfall, UNFOLDED, visibleRows } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { type Move, moveSelection } from './selection.ts';
import { span } from './span.fixture.ts';

const { rows } = layoutWaterfall([span('a'), span('b', 'a'), span('c', 'b'), span('d', 'a')], { nested: 'folded' })[0]!;

/** The names that the keys lead to, one after another. */
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

test('up and down, pages and ends', () => {
  expect(walk('a', 'down', 'down', 'up', 'last', 'down', 'first', 'up')).toBe('bcbddaa');
  expect(walk('a', 'page-down', 'page-down', 'page-up')).toBe('cdb');
});

test('out closes, then goes to the parent; in opens, then goes to the first below', () => {
  expect(walk('c', 'out', 'out', 'down', 'up', 'in', 'in', 'in')).toBe('bbdbbcc');
  expect(walk('a', 'out', 'out', 'down')).toBe('aaa');
});

test('without a selection the first key finds one', () => {
  expect(walk('none', 'down', 'down')).toBe('ab');
  expect(walk('none', 'last')).toBe('d');
});
