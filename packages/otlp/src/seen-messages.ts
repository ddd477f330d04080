/** Texts of a receiver that were logged; each is worth one line, not one at every export. */
export class SeenMessages {
  readonly #seen = new Set<string>();

  /** Returns true for the first time that a text is passed. Forgets all texts if a receiver sends many different ones. */
  add(text: string): boolean {
    if (this.#seen.has(text)) return false;
    if (this.#seen.size >= MOST_TEXTS) this.#seen.clear();
    this.#seen.add(text);
    return true;
  }
}

const MOST_TEXTS = 100;
