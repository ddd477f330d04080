import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Collector } from '../harness/collector.ts';

/**
 * A real Collector that can be killed and started again under the same address, and whose file has everything that it
 * has ever acknowledged.
 *
 * @param folder - where its file and its log go
 */
export async function durableCollector(folder: string): Promise<Collector> {
  const config = await readFile(join(import.meta.dirname, 'collector.yaml'), 'utf8');
  return Collector.start({ folder, config, keepsAddress: true });
}
