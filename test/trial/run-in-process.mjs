/**
 * Runs a study in a process of its own, for tests that kill it: a line of standard output for each event. SIGINT stops
 * the study. Argument: a file with { study, options } as JSON.
 */
import { readFileSync } from 'node:fs';
import { runStudy } from '../../dist/trial/run-study.js';

const { study, options } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());
const onEvent = ({ kind }) => process.stdout.write(`${kind}\n`);
await runStudy(study, { ...options, onEvent, signal: controller.signal });
