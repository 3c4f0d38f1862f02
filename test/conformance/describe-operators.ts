import { readFileSync } from 'node:fs';
import { folders } from '../../src/compiler/onnx/fold/index.js';
import { supportedOperators } from '../../src/compiler/onnx/import-graph.js';
import { control } from '../../src/compiler/onnx/importers/control.js';
import { importers } from '../../src/compiler/onnx/importers/index.js';
import { type ConformanceCase, conformanceCases, operatorsOf } from './cases.js';
import { claimed, excluded, isExcluded, patterns } from './claims.js';

const HEAD = `# ONNX operators

What a model may consist of, in operator sets 7 to 28. *On data*: of tensors that depend on data or parameters.
*When compiling*: of shapes, masks, constants and other tensors that are known when the model is compiled. The tests are
those of the ONNX project (its backend node tests) that need no operator beside those listed, each run by float64
references, the engine, and constant folding; the attributes are those that they cover. Patterns of several nodes that
exporters write for one layer (attention, norms) are recognised beside these.

| operator | on data | when compiling | tests | attributes tested | not supported |
|---|---|---|---|---|---|
`;

const TAIL = `
## What is missing

The operators of ONNX's own domain that no model may have.

| operator | why |
|---|---|
`;

/** Why each is not supported that could be. */
export const missing: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('missing.json', import.meta.url), 'utf8'),
);

interface Row {
  tests: Set<string>;
  attributes: Set<string>;
  reasons: Set<string>;
}

/** The page of operators, from the importers, the tests that pass and the reasons of those that are excluded. */
export function describeOperators(): string {
  const rows = new Map<string, Row>(
    supportedOperators.map((name) => [
      name,
      { tests: new Set(), attributes: new Set(), reasons: new Set() },
    ]),
  );
  for (const test of conformanceCases) addTest(test, rows);
  for (const [name, reason] of Object.entries(excluded.outputs))
    rows.get(name)?.reasons.add(reason);
  const reasons = Object.entries(missing).map(([name, reason]) => `| ${name} | ${reason} |\n`);
  return (
    HEAD + [...rows].map(([name, row]) => `${line(name, row)}\n`).join('') + TAIL + reasons.join('')
  );
}

function addTest(test: ConformanceCase, rows: Map<string, Row>): void {
  const forms = claimed(test).map(([, form]) => `${test.name} ${form}`);
  if (forms.length === 0) return;
  const passes = forms.some((title) => !isExcluded(title));
  const reasons = patterns.filter(({ regexp }) => forms.some((title) => regexp.test(title)));
  // A test of several operators says little about each.
  const names = operatorsOf(test.model());
  for (const node of test.model().nodes) {
    const row = rows.get(node.opType);
    if (row === undefined || names.size > 1) continue;
    if (passes) row.tests.add(test.name);
    if (passes) for (const attribute of node.attributes.keys()) row.attributes.add(attribute);
    for (const { pattern } of reasons) row.reasons.add(excluded.tests[pattern] ?? '');
  }
}

function line(name: string, { tests, attributes, reasons }: Row): string {
  const isControl = Object.hasOwn(control, name);
  const folds = Object.hasOwn(folders, name) || Object.hasOwn(importers, name) || isControl;
  const cells = [
    name,
    isControl || Object.hasOwn(importers, name) ? 'yes' : '',
    folds ? 'yes' : '',
    tests.size || '',
    [...attributes].sort().join(', '),
    [...reasons].sort().join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}
