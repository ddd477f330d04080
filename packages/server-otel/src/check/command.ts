import { parseArgs } from 'node:util';
import { ServerTelemetryConfigError } from '../configuration/configuration-error.ts';
import { readConfiguration } from '../configuration/read-configuration.ts';
import type { Environment } from '../configuration/written-value.ts';
import type { TelemetryLogger } from '../logger.ts';
import { checkCollector } from './check.ts';
import { effectiveValues } from './effective-values.ts';
import { type CheckReport, formatReport } from './report.ts';

/** Output of the command. */
export interface Terminal {
  write(text: string): void;
  writeError(text: string): void;
  readonly color: boolean;
}

/** The exit codes of `check`. */
export const EXIT = {
  /** All steps passed, or no collector is configured. */
  ok: 0,
  /** A step failed; the report has the step and the likely cause. */
  failed: 1,
  /** The configuration or the command line is invalid. */
  misconfigured: 2,
} as const;

const USAGE = `Usage: hatchet-server-otel check [--json] [--config <directory>] [--timeout <seconds>]

Prints the effective configuration and the source of each value, then checks the collector: resolves its name,
connects, performs the TLS handshake, authenticates, exports one span and one metric.

  --json      print the report as JSON, for scripts
  --config    directory of server.yaml; default: the working directory. SERVER_CONFIG_FILE takes precedence
  --timeout   timeout of one step in seconds; default: 5

Exit status: 0 all steps passed or no collector is configured, 1 a step failed, 2 invalid configuration.
`;

/** Runs the command line and returns the exit status. */
export async function runCli(args: readonly string[], env: Environment, terminal: Terminal): Promise<number> {
  const command = parseCommand(args);
  if ('usageError' in command) {
    terminal.writeError(`hatchet-server-otel: ${command.usageError}\n\n${USAGE}`);
    return EXIT.misconfigured;
  }
  if (command.help) {
    terminal.write(USAGE);
    return EXIT.ok;
  }
  // The report contains everything that would be logged.
  const report = await check(env, command, SILENT);
  const text = command.json ? JSON.stringify(report, null, 2) : formatReport(report, terminal.color);
  if (report.problems.length > 0 && !command.json) terminal.writeError(`${text}\n`);
  else terminal.write(`${text}\n`);
  return report.exitCode;
}

interface Command {
  readonly help: boolean;
  readonly json: boolean;
  readonly directory: string | undefined;
  readonly millis: number;
}

function parseCommand(args: readonly string[]): Command | { readonly usageError: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        config: { type: 'string' },
        timeout: { type: 'string', default: '5' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const millis = Number(values.timeout) * 1000;
    if (values.help) return { help: true, json: false, directory: undefined, millis };
    if (positionals.join(' ') !== 'check')
      return { usageError: `unknown command “${positionals.join(' ')}”: expected check` };
    if (!(millis >= 1 && millis <= 600_000))
      return { usageError: `--timeout ${values.timeout}: expected seconds, up to 600` };
    return { help: false, json: values.json, directory: values.config, millis };
  } catch (error) {
    return { usageError: error instanceof Error ? error.message : String(error) };
  }
}

async function check(env: Environment, { directory, millis }: Command, logger: TelemetryLogger): Promise<CheckReport> {
  try {
    const configuration = readConfiguration(env, directory);
    const steps = await checkCollector(configuration, logger, millis);
    const ok = steps.every(({ result }) => result !== 'failed');
    return {
      ok,
      exitCode: ok ? EXIT.ok : EXIT.failed,
      file: configuration.file ?? null,
      problems: [],
      warnings: configuration.warnings,
      configuration: effectiveValues(configuration),
      steps,
    };
  } catch (error) {
    if (!(error instanceof ServerTelemetryConfigError)) throw error;
    const { problems, warnings } = error;
    return {
      ok: false,
      exitCode: EXIT.misconfigured,
      file: null,
      problems,
      warnings,
      configuration: [],
      steps: [],
    };
  }
}

const SILENT: TelemetryLogger = { info: () => {}, warn: () => {}, error: () => {} };
