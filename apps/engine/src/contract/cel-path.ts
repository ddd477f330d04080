/** Path to a value in a run's input or metadata. */
export interface CelPath {
  in: 'input' | 'additional_metadata';
  names: string[];
}

const ROOT = /^(input|additional_metadata)(?=[.[])/;
const NAME = /\.([A-Za-z_]\w*)|\[(?:"([^"\\]*)"|'([^'\\]*)')\]/y;

/**
 * Parses CEL expressions that only name a value, such as `input.order.id` or `additional_metadata["customer"]`. Returns
 * undefined for all others: this engine has no CEL.
 */
export function celPath(expression: string): CelPath | undefined {
  const text = expression.trim();
  const root = ROOT.exec(text)?.[1];
  if (!root) return undefined;
  const names: string[] = [];
  NAME.lastIndex = root.length;
  while (NAME.lastIndex < text.length) {
    const match = NAME.exec(text);
    if (!match) return undefined;
    names.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return { in: root as CelPath['in'], names };
}
