#!/usr/bin/env node
import { runCli } from './check/command.ts';

const exitCode = await runCli(process.argv.slice(2), process.env, {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  color: process.stdout.isTTY && process.stdout.hasColors(),
});

// A name server that does not answer would keep the process alive, so it exits when its output is written.
process.exitCode = exitCode;
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
