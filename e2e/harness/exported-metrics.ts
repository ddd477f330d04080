import { readFile } from 'node:fs/promises';

interface OtlpMetrics {
  resourceMetrics: { scopeMetrics: { metrics: { name: string }[] }[] }[];
}

/** Returns the names of all metrics in a file of a Collector's file exporter (OTLP JSON), sorted. */
export async function exportedMetricNames(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  const metrics = lines.flatMap((line) =>
    (JSON.parse(line) as OtlpMetrics).resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap((scope) => scope.metrics),
    ),
  );
  return [...new Set(metrics.map(({ name }) => name))].sort();
}
