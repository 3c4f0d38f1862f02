import { eachCompetitor, type WarningDefinition } from './warning.js';

const LEAST_POINTS = 3;

export const testSelection: WarningDefinition = {
  code: 'OC109',
  kind: 'test-selection',
  title: 'The test set chose the best trial',
  explanation:
    'Where validation and test metrics are the same numbers, the best trial was chosen on the data that it is then judged ' +
    'by: its test metric is too good, and more so the more trials there are.',
  advice:
    'Choose by validation data that is held out from training, and keep the test set for the end.',
  find: eachCompetitor(({ optimizer, points }) => {
    const measured = points.filter(
      ({ validation, test }) => Number.isFinite(validation) && test !== null,
    );
    const isSame = measured.every(({ validation, test }) => validation === test);
    if (measured.length < LEAST_POINTS || !isSame) return [];
    const message = `Validation and test metrics of ${optimizer} are the same in every trial: the test set chose its best.`;
    return [{ optimizer, message }];
  }),
};
