import { loadStudy, openStore, renderRanking, runStudy, summarize, writeReport } from 'optcmp';

const study = await loadStudy(process.argv[2] ?? 'studies/quickstart.yaml');
const { databasePath, counts } = await runStudy(study, {
  onEvent({ kind, progress }) {
    if (kind === 'trial_finished') console.log(`${progress.counts.complete} of ${progress.total}`);
  },
});
const store = await openStore(databasePath);
const data = await store.read();
await store.close();
console.log(renderRanking(summarize(data)));
const { html } = await writeReport(data, 'report');
console.log(`${counts.complete} trials complete; report: ${html}`);
