import { prepareTrial } from './prepare-trial.js';
import { serveTrials } from './serve-trials.js';

serveTrials(prepareTrial);
