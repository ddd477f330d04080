// Prints its argument and its input.
import { readFileSync } from 'node:fs';

process.stdout.write(`${process.argv[2]}: ${readFileSync(0, 'utf8')}`);
