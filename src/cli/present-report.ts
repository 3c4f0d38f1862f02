import { renderRanking } from '../report/render-ranking.js';
import type { ReportOptions } from '../report/write-report.js';
import type { StudyData } from '../store/records.js';
import { printJson } from './print.js';

/** Writes the report of a study into a folder, and prints its ranking and where it is, or both as JSON. */
export async function presentReport(
  data: StudyData,
  folder: string,
  { json = false, png = false, ...options }: ReportOptions & { json?: boolean },
): Promise<void> {
  // Drawing needs vega, which takes a moment to load: no other command waits for it.
  const { renderReport, saveReport } = await import('../report/write-report.js');
  const report = await renderReport(data, options);
  const files = await saveReport(report, folder, png);
  if (json) {
    printJson({ ...report.summary, files });
    return;
  }
  console.log(renderRanking(report.summary, { color: process.stdout.isTTY ?? false }));
  console.log(`\nReport: ${files.html}`);
}
