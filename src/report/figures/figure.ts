import type { TopLevelSpec } from 'vega-lite';
import type { WorkloadView } from '../study-view.js';
import type { WorkloadSummary } from '../summary.js';
import type { Table } from '../table.js';

/** One drawing. */
export interface Panel {
  /** Unique within the figure; part of the file's name. */
  name: string;
  /** What it shows, in a sentence, for those who do not see it. */
  description: string;
  /**
   * The Vega-Lite specification for a width in pixels. A full panel is drawn for a wide and for a narrow screen, a
   * small one once.
   */
  spec: (width: number) => TopLevelSpec;
  size: 'full' | 'small';
  /** The place in the study of the one optimizer that it shows. */
  series?: number;
}

/** Panels that share one data table. */
export interface PanelGroup {
  title?: string;
  /** As a panel's. */
  series?: number;
  panels: Panel[];
  table: Table;
}

export interface Figure {
  /** Unique; part of the files' names. */
  name: string;
  title: string;
  /** How to read it. */
  caption: string;
  /** Whether colours stand for something else than optimizers. Default false. */
  ownColors?: boolean;
  groups: PanelGroup[];
}

/** A view of a comparison and what the statistics say of it. */
export interface Comparison {
  view: WorkloadView;
  summary: WorkloadSummary;
}

/** Figures over several comparisons of a study. */
export type StudyFigureFunction = (comparisons: readonly Comparison[]) => Figure[];

/** A figure of one workload; undefined when there is nothing to draw. */
export type FigureFunction = (view: WorkloadView, summary: WorkloadSummary) => Figure | undefined;
