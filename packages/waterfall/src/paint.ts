type Style = (text: string) => string;

/** Terminal colours, or none. Given text must be printable already. */
export function paint(color: boolean): Record<'plain' | 'strong' | 'faint' | 'error' | 'bar', Style> & {
  service: (text: string, index: number) => string;
} {
  const style =
    (code: number): Style =>
    (text) =>
      color && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    plain: (text) => text,
    strong: style(1),
    faint: style(2),
    error: style(31),
    bar: style(36),
    service: (text, index) => style(SERVICE_COLORS[index % SERVICE_COLORS.length]!)(text),
  };
}

const SERVICE_COLORS = [34, 35, 33, 32, 36]; // blue, magenta, yellow, green, cyan: red is for errors
