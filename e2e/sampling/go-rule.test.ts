import { expect, it } from 'vitest';
import { isKept } from './go-rule.ts';

// decisions of the Go SDK
it.each([
  ['0000000000000000ffffffffffffffff', 0.5, false],
  ['80000000000000000000000000000001', 0.5, true],
  ['ffffffff00000000000000000000002a', 0.5, true],
  ['7fffffffffffffff8000000000000000', 0.5, false],
  ['cb524fe58245d7ee00a2f4a26f047019', 0.1, true],
  ['21975955003112e7c017feb4e8fe3d57', 0.1, false],
])('trace %s at %d is kept: %s', (traceId, ratio, kept) => {
  expect(isKept(traceId, ratio)).toBe(kept);
});

it('keeps every trace at 1 and none at 0, also at both ends of the range', () => {
  for (const traceId of [`${'0'.repeat(31)}1`, 'f'.repeat(32), `${'f'.repeat(16)}${'0'.repeat(16)}`]) {
    expect(isKept(traceId, 1)).toBe(true);
    expect(isKept(traceId, 0)).toBe(false);
  }
});
