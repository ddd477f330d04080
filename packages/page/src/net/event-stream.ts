/** An event of a stream of server-sent events. */
export interface StreamEvent {
  type: string;
  data: string;
  /** The last one that the stream named. */
  id: string;
}

/** Reads text of a stream, however it is cut: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
export class EventParser {
  #rest = '';
  #type = '';
  #data: string[] = [];
  #id = '';

  /** The events that are whole with this text. */
  push(text: string): StreamEvent[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamEvent | undefined {
    if (line === '') return this.#dispatch();
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') this.#type = value ?? '';
    if (field === 'data') this.#data.push(value ?? '');
    if (field === 'id' && !value?.includes('\0')) this.#id = value ?? '';
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    const event = { type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id };
    const empty = this.#data.length === 0;
    this.#type = '';
    this.#data = [];
    return empty ? undefined : event;
  }
}
