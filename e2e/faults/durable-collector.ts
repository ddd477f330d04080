import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Collector } from '../harness/collector.ts';

/**
 * Starts a real Collector that keeps its address over restarts, and writes every span to its file before it
 * acknowledges it.
 *
 * @param folder - folder of its output and log
 */
export async function startDurableCollector(folder: string): Promise<Collector> {
  const config = await readFile(join(import.meta.dirname, 'collector.yaml'), 'utf8');
  return Collector.start({ folder, config, keepsAddress: true });
}
