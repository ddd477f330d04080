/** What is of use in a line of a service's output. */
export interface LoggedLine {
  msg: string;
  /** pino's number: 50 and above are errors. */
  level?: number;
  address?: string;
  /** The message of the error that was logged. */
  error?: string;
}

/** Reads a pino line, or takes any other line as a message. */
export function loggedLine(line: string): LoggedLine {
  try {
    const { msg = '', level, address, err } = JSON.parse(line);
    return { msg: String(msg), level: Number(level), address: address && String(address), error: err?.message };
  } catch {
    return { msg: line };
  }
}

/** The line in few words when it tells of trouble: a logged error, or what a dying process writes to stderr. */
export function trouble({ msg, level, error }: LoggedLine, stream: 'stdout' | 'stderr'): string | undefined {
  const troubled = level === undefined ? stream === 'stderr' && !PART_OF_A_STACK.test(msg) : level >= 50;
  const words = [msg, error && !msg.includes(error) ? error : ''].filter(Boolean).join(': ');
  return troubled && words ? words.slice(0, 300) : undefined;
}

/** Node frames the message of an uncaught error with the place, the stack and the error's properties. */
const PART_OF_A_STACK = /^(\s|node:|file:|\/|Node\.js v|\^|[{}\]]|throw |\(|$)/;
