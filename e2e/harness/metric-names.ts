import { readFile } from 'node:fs/promises';

interface OtlpMetrics {
  resourceMetrics: { scopeMetrics: { metrics: { name: string }[] }[] }[];
}

/** The names of all metrics that a Collector has written to a file as OTLP JSON, in alphabetical order. */
export async function metricNames(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  const metrics = lines.flatMap((line) =>
    (JSON.parse(line) as OtlpMetrics).resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap((scope) => scope.metrics),
    ),
  );
  return [...new Set(metrics.map(({ name }) => name))].sort();
}
