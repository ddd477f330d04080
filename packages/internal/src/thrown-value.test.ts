import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { cleanText, cutText } from './clean-text.ts';
import { describeThrown, ERROR_LIMITS, errorType } from './thrown-value.ts';

/** An error whose stack has one known frame. */
function error(message: string, options?: ErrorOptions, ErrorClass = Error): Error {
  const made = new ErrorClass(message, options);
  made.stack = `${made.name}: ${message}\n    at charge (pay.js:1:1)`;
  return made;
}

function aggregate(message: string, errors: unknown[]): AggregateError {
  const made = new AggregateError(errors, message);
  made.stack = `AggregateError: ${message}\n    at all (pay.js:2:2)`;
  return made;
}

describe('the recorded stack', () => {
  it('contains the causes as Node.js prints them', () => {
    const thrown = error('order failed', { cause: error('charge failed', { cause: 'no money' }) });
    expect(describeThrown(thrown)).toEqual({
      type: 'Error',
      message: 'order failed',
      stack: [
        'Error: order failed',
        '    at charge (pay.js:1:1) {',
        '  [cause]: Error: charge failed',
        '      at charge (pay.js:1:1) {',
        '    [cause]: no money',
        '  }',
        '}',
      ].join('\n'),
    });
    const nested = error('order failed', { cause: error('charge failed') });
    expect(describeThrown(nested).stack).toBe(inspect(nested));
  });

  it('contains the members of an AggregateError as Node.js prints them', () => {
    const thrown = aggregate('all failed', [error('first'), error('second', undefined, TypeError)]);
    expect(describeThrown(thrown).stack).toBe(inspect(thrown));
  });

  it('ends at a cycle', () => {
    const thrown = error('outer', { cause: error('inner') });
    (thrown.cause as Error).cause = thrown;
    expect(describeThrown(thrown).stack).toContain('[cause]: [Circular]');
  });

  it('ends after a number of levels and of errors', () => {
    let chain = error('0');
    for (let level = 1; level <= 20; level++) chain = error(String(level), { cause: chain });
    const { stack } = describeThrown(chain);
    expect(stack?.match(/\[cause]: Error/g)).toHaveLength(ERROR_LIMITS.depth);
    expect(stack).toContain('[cause]: …');

    const many = aggregate(
      'many',
      Array.from({ length: 1000 }, (_, number) => error(`number ${number}`)),
    );
    expect(describeThrown(many).stack).toMatch(/number 14\n.*\n {4}… 985 more\n {2}]\n}$/);
  });

  it('contains no other property of an error, and no object that is not an error', () => {
    const thrown = error('outer', { cause: { password: 's3cr3t' } });
    Object.assign(thrown, { config: { authorization: 's3cr3t' } });
    expect(describeThrown(thrown).stack).toMatch(/\[cause]: Object: Object thrown/);
    expect(JSON.stringify(describeThrown(thrown))).not.toContain('s3cr3t');
  });

  it('keeps its frames if the message is long', () => {
    const { message, stack } = describeThrown(error('x'.repeat(1_400_000)));
    expect(message).toHaveLength(ERROR_LIMITS.message);
    expect(message.endsWith('…')).toBe(true);
    expect(stack).toMatch(/…\n {4}at charge \(pay\.js:1:1\)$/);
  });

  it('is cut', () => {
    const deep = error('deep');
    deep.stack += '\n    at again (pay.js:3:3)'.repeat(10_000);
    const { stack } = describeThrown(deep);
    expect(stack).toHaveLength(ERROR_LIMITS.stack);
    expect(stack?.endsWith('…')).toBe(true);
  });
});

describe('the recorded text', () => {
  it('has no control characters, in any part', () => {
    const thrown = Object.assign(error('NUL \0, bell \x07', { cause: error('\0') }), { name: 'Bad\0Error' });
    const { type, message, stack } = describeThrown(thrown);
    expect(type).toBe('Bad\ufffdError');
    expect(message).toBe('NUL \ufffd, bell \ufffd');
    expect(stack).toBe(cleanText(stack ?? ''));
  });

  it('has no terminal colors, and keeps lines and tabs', () => {
    expect(cleanText('\x1b[31mexpected\x1b[39m\n\treceived\r\n')).toBe('expected\n\treceived\r\n');
  });

  it('is not cut within a character', () => {
    expect(cutText('ab😀cd', 4)).toBe('ab…');
    expect(cutText('ab😀cd', 5)).toBe('ab😀…');
    expect(cutText('ab😀', 4)).toBe('ab😀');
  });

  it('names a thrown function instead of printing its source', () => {
    expect(describeThrown(() => 's3cr3t')).toEqual({ type: 'function', message: 'function thrown' });
  });

  it('exists for an object that throws when it is read', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('mine');
        },
      },
    );
    expect(describeThrown(hostile)).toEqual({
      type: 'unknown',
      message: 'an error with a property that cannot be read',
    });
  });

  it('names an error of pg by its class', () => {
    class DatabaseError extends Error {
      override readonly name = 'error';
    }
    expect(errorType(new DatabaseError('duplicate key'))).toBe('DatabaseError');
  });
});
