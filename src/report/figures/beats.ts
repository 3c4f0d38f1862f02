import { probabilityBeats } from '../../stats/ranks.js';
import { formatPlural, formatProbability } from '../format.js';
import { INK } from '../palette.js';
import type { Competitor } from '../study-view.js';
import type { FigureFunction } from './figure.js';

interface Cell {
  winner: string;
  loser: string;
  probability: number;
}

/** Text on cells keeps its colour on dark pages, as the cells do: none of the palette. */
const ON_CELLS = { dark: '#1b1f23', light: '#ffffff' };
/** Of cells whose ground is too dark for dark text. */
const DARK = 0.6;

/** How sure one can be that one optimizer beats another, each tuned anew with as many trials. */
export const beats: FigureFunction = ({ competitors }, { k, rows }) => {
  const tuned = rows.flatMap(({ optimizer, best }) => {
    const found = competitors.find((competitor) => competitor.optimizer === optimizer);
    return best !== null && found !== undefined ? [found] : [];
  });
  if (tuned.length < 3) return undefined;
  const cells = tuned.flatMap((winner) =>
    tuned.flatMap((loser) => (winner === loser ? [] : [cellOf(winner, loser, k)])),
  );
  const order = tuned.map(({ optimizer }) => optimizer);
  return {
    name: 'beats',
    title: 'Which optimizer beats which, and how surely?',
    caption:
      `The probability that the best of ${formatPlural(k, 'trial')} of the optimizer at the left is better than the best ` +
      'of as many of the one above, when both are tuned anew. One half says that nothing is known.',
    groups: [
      {
        panels: [
          {
            name: 'all',
            size: 'full',
            description: cells
              .map(
                (cell) =>
                  `${cell.winner} over ${cell.loser}: ${formatProbability(cell.probability)}.`,
              )
              .join(' '),
            spec: (width) => matrix(cells, order, width),
          },
        ],
        table: {
          columns: [{ label: 'beats' }, ...order.map((label) => ({ label, numeric: true }))],
          rows: order.map((winner) => [
            winner,
            ...order.map((loser) => {
              const cell = cells.find((one) => one.winner === winner && one.loser === loser);
              return cell === undefined ? '–' : formatProbability(cell.probability);
            }),
          ]),
        },
      },
    ],
  };
};

function cellOf(winner: Competitor, loser: Competitor, k: number): Cell {
  const values = ({ points }: Competitor) => points.map(({ validation }) => validation);
  return {
    winner: winner.optimizer,
    loser: loser.optimizer,
    probability: probabilityBeats(values(winner), values(loser), k),
  };
}

function matrix(cells: readonly Cell[], order: readonly string[], width: number) {
  const rows = cells.map((cell) => ({ ...cell, text: formatProbability(cell.probability) }));
  const axis = {
    labelFontSize: 13,
    labelColor: INK,
    labelLimit: width / 4,
    ticks: false,
    domain: false,
  };
  return {
    data: { values: rows },
    width: Math.min(width, 110 * (order.length + 1)),
    height: 36 * order.length + 20,
    autosize: { type: 'fit-x' as const, contains: 'padding' as const },
    encoding: {
      y: {
        field: 'winner',
        type: 'nominal' as const,
        sort: [...order],
        axis: { ...axis, title: null },
      },
      x: {
        field: 'loser',
        type: 'nominal' as const,
        sort: [...order],
        axis: { ...axis, title: 'beats', orient: 'top' as const, labelAngle: 0 },
      },
    },
    layer: [
      {
        mark: { type: 'rect' as const, cornerRadius: 3 },
        encoding: {
          color: {
            field: 'probability',
            type: 'quantitative' as const,
            scale: { domain: [0, 1], range: ['#f4f6f8', '#0b5a8f'] },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'text' as const, fontSize: width < 500 ? 10 : 12 },
        encoding: {
          text: { field: 'text', type: 'nominal' as const },
          color: {
            condition: { test: `datum.probability > ${DARK}`, value: ON_CELLS.light },
            value: ON_CELLS.dark,
          },
        },
      },
    ],
  };
}
