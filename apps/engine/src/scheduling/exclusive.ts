/** Runs pieces of work one after the other, in the order in which they were asked for. */
export type Exclusive = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** What is free is counted and given out in one piece, whoever gives it. */
export function createExclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}
