/** Visual identity of a service: a color, and for readers who cannot distinguish it, initials and a pattern. */
export interface ServiceMark {
  /** Number of the color and the pattern, from 0. */
  slot: number;
  /** One or two characters of the name. */
  initials: string;
}

/** Number of colors. */
export const SERVICE_SLOTS = 8;

/**
 * Assigns a mark to each name, the same in every trace. If two services of a trace would share a color while another is
 * free, the alphabetically later one takes the free color.
 */
export function serviceMarks(names: Iterable<string>): Map<string, ServiceMark> {
  const marks = new Map<string, ServiceMark>();
  const taken = new Set<number>();
  for (const name of [...new Set(names)].sort()) {
    let slot = hash(name) % SERVICE_SLOTS;
    if (taken.size === SERVICE_SLOTS) taken.clear();
    while (taken.has(slot)) slot = (slot + 1) % SERVICE_SLOTS;
    taken.add(slot);
    marks.set(name, { slot, initials: initialsOf(name) });
  }
  return marks;
}

function initialsOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ['?'];
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]) : [...words[0]!].slice(0, 2);
  return letters.join('').toUpperCase();
}

/** FNV-1a hash. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
