/**
 * Runs a study in a process of its own, for tests that kill it: a line of standard output for each event.
 * Arguments: a file with { study, options } as JSON.
 */
import { readFileSync } from 'node:fs';
import { runStudy } from '../../dist/trial/run-study.js';

const { study, options } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const onEvent = ({ kind }) => process.stdout.write(`${kind}\n`);
const { counts } = await runStudy(study, { ...options, onEvent });
process.stdout.write(`${JSON.stringify(counts)}\n`);
