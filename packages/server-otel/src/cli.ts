#!/usr/bin/env node
import { runCli } from './check/command.ts';

process.exitCode = await runCli(process.argv.slice(2), process.env, {
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  color: process.stdout.isTTY && process.stdout.hasColors(),
});
