import { cleanText, cutText } from './clean-text.ts';

/** Limits of a recorded error, in UTF-16 code units except for the last two. */
export const ERROR_LIMITS = {
  type: 256,
  message: 4096,
  stack: 16_384,
  /** Errors in one stack: the thrown one, its causes and the members of an `AggregateError`. */
  errors: 16,
  /** Levels of causes and members below the thrown error. */
  depth: 8,
} as const;

/** Text of a thrown value for a span: clean, and cut to {@link ERROR_LIMITS}. */
export interface ThrownText {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
}

/** Returns another message for an error whose own message may contain users' data; undefined keeps its own. */
export type ReplaceMessage = (error: object) => string | undefined;

/**
 * Describes a thrown value of any type. The stack contains the causes and the members of an `AggregateError`, in the form
 * in which Node.js prints them. No other property of an error is read: it may hold a payload or a secret. Never throws.
 *
 * @param replaceMessage called for the error, its causes and its members
 */
export function describeThrown(thrown: unknown, replaceMessage: ReplaceMessage = keepMessage): ThrownText {
  try {
    const stack = isObject(thrown) ? new StackWriter(replaceMessage).write(thrown) : undefined;
    return {
      type: errorType(thrown),
      message: messageOf(thrown, replaceMessage),
      ...(stack !== undefined && { stack: clean(stack, ERROR_LIMITS.stack) }),
    };
  } catch {
    return { type: errorType(thrown), message: 'an error with a property that cannot be read' };
  }
}

/**
 * Returns the class name or code of a thrown object, and the type of any other value; `unknown` if a getter of the object
 * throws.
 */
export function errorType(thrown: unknown): string {
  try {
    return clean(rawType(thrown), ERROR_LIMITS.type);
  } catch {
    return 'unknown';
  }
}

/** Cleans the message of an error that is only known as text, and cuts it. */
export function cleanMessage(message: string): string {
  return clean(message, ERROR_LIMITS.message);
}

function rawType(thrown: unknown): string {
  if (!isObject(thrown)) return thrown === null ? 'null' : typeof thrown;
  const { name, code } = thrown as { name?: unknown; code?: unknown };
  // pg's errors have the name "error"
  if (typeof name === 'string' && name !== '' && name.toLowerCase() !== 'error') return name;
  const className: unknown = thrown.constructor?.name;
  if (typeof className === 'string' && className !== '' && className !== 'Error' && className !== 'Object')
    return className;
  if (typeof code === 'string' && code !== '') return code;
  return typeof className === 'string' && className !== '' ? className : 'object';
}

function keepMessage(): undefined {}

function messageOf(thrown: unknown, replaceMessage: ReplaceMessage): string {
  if (typeof thrown === 'function') return 'function thrown';
  if (!isObject(thrown)) return cleanMessage(String(thrown));
  const replaced = replaceMessage(thrown);
  if (replaced !== undefined) return cleanMessage(replaced);
  const { message } = thrown as { message?: unknown };
  // an object without a message is named, not serialized: it may hold a payload
  return typeof message === 'string' ? cleanMessage(message) : `${errorType(thrown)} thrown`;
}

/** Writes the stack of one thrown object with everything below it. */
class StackWriter {
  readonly #replaceMessage: ReplaceMessage;
  readonly #above: object[] = [];
  #errors = 0;

  constructor(replaceMessage: ReplaceMessage) {
    this.#replaceMessage = replaceMessage;
  }

  write(thrown: object): string | undefined {
    const stack = ownStack(thrown, this.#replaceMessage(thrown));
    if (stack === undefined) return undefined;
    this.#errors++;
    this.#above.push(thrown);
    const { cause, errors } = thrown as { cause?: unknown; errors?: unknown };
    const parts: string[] = [];
    if (cause !== undefined && cause !== null) parts.push(`[cause]: ${this.#below(cause)}`);
    if (thrown instanceof AggregateError || (Array.isArray(errors) && errorType(thrown) === 'AggregateError'))
      parts.push(`[errors]: [${this.#list(errors)}]`);
    this.#above.pop();
    return parts.length === 0 ? stack : `${stack} {\n${indent(parts.join(',\n'))}\n}`;
  }

  #below(value: unknown): string {
    if (!isObject(value)) return messageOf(value, this.#replaceMessage);
    if (this.#above.includes(value)) return '[Circular]';
    if (this.#above.length > ERROR_LIMITS.depth || this.#errors >= ERROR_LIMITS.errors) return '…';
    return this.write(value) ?? `${errorType(value)}: ${messageOf(value, this.#replaceMessage)}`;
  }

  #list(errors: unknown): string {
    if (!Array.isArray(errors) || errors.length === 0) return '';
    const left = Math.max(ERROR_LIMITS.errors - this.#errors, 0);
    const written = errors.slice(0, left).map((error) => this.#below(error));
    const more = errors.length - written.length;
    if (more > 0) written.push(`… ${more} more`);
    return `\n${indent(written.join(',\n'))}\n`;
  }
}

/**
 * Returns the stack with the message cut or replaced: V8 puts the message before the frames, which the cut must not lose.
 *
 * @param replaced message to write instead of the error's own
 */
function ownStack(thrown: object, replaced: string | undefined): string | undefined {
  const { stack, message } = thrown as { stack?: unknown; message?: unknown };
  if (typeof stack !== 'string') return undefined;
  if (replaced !== undefined) {
    // only what follows the message: a stack of another form may contain it elsewhere
    const at = typeof message === 'string' && message !== '' ? stack.indexOf(message) : -1;
    const frames = at < 0 ? '' : stack.slice(at + String(message).length);
    return cutText(`${errorType(thrown)}: ${replaced}${frames}`, ERROR_LIMITS.stack);
  }
  const start = typeof message === 'string' && message.length > ERROR_LIMITS.message ? stack.indexOf(message) : -1;
  if (typeof message !== 'string' || start < 0) return cutText(stack, ERROR_LIMITS.stack);
  const frames = stack.slice(start + message.length);
  return cutText(stack.slice(0, start) + cutText(message, ERROR_LIMITS.message) + frames, ERROR_LIMITS.stack);
}

function clean(text: string, length: number): string {
  return cleanText(cutText(text, length));
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
