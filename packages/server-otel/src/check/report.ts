import { styleText } from 'node:util';
import { type ConfigurationProblem, describeProblem } from '../configuration/configuration-error.ts';
import type { EffectiveValue } from './effective-values.ts';
import { STEPS, type StepResult } from './step.ts';

/** Report of `check`, in the form that `--json` prints. */
export interface CheckReport {
  readonly ok: boolean;
  readonly exitCode: number;
  /** The YAML file that was read. */
  readonly file: string | null;
  readonly problems: readonly ConfigurationProblem[];
  readonly warnings: readonly string[];
  readonly configuration: readonly EffectiveValue[];
  /** Empty without a collector URL. */
  readonly steps: readonly StepResult[];
}

export function formatReport(report: CheckReport, color: boolean): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    color ? styleText(format, text, { validateStream: false }) : text;
  const lines: string[] = [];
  if (report.problems.length > 0) {
    lines.push(style('red', 'The configuration is invalid:'));
    for (const problem of report.problems) lines.push(`  ${describeProblem(problem)}`);
    for (const warning of report.warnings) lines.push(style('yellow', `  Warning: ${warning}`));
    return lines.join('\n');
  }
  lines.push(`Configuration${report.file === null ? '' : ` (file ${report.file})`}`);
  const width = Math.max(...report.configuration.map(({ variable }) => variable.length));
  for (const { variable, value, from, name } of report.configuration) {
    const origin = from === 'file' ? `file, ${name}` : from;
    lines.push(`  ${variable.padEnd(width)}  ${String(value ?? '–').padEnd(24)}  ${style('dim', origin)}`);
  }
  for (const warning of report.warnings) lines.push(style('yellow', `  Warning: ${warning}`));
  lines.push('', 'Collector');
  if (report.steps.length === 0) lines.push('  not checked: SERVER_OTEL_COLLECTOR_URL is not set');
  for (const { step, result, detail, cause } of report.steps) {
    lines.push(`  ${MARKS[result](style)} ${step.padEnd(13)} ${detail}`);
    if (result === 'failed')
      lines.push(`      failed: ${STEPS[step]}`, `      ${style('bold', `likely cause: ${cause}`)}`);
  }
  return lines.join('\n');
}

type Style = (format: Parameters<typeof styleText>[0], text: string) => string;

const MARKS: Readonly<Record<StepResult['result'], (style: Style) => string>> = {
  passed: (style) => style('green', '✓'),
  failed: (style) => style('red', '✗'),
  skipped: (style) => style('dim', '–'),
};
