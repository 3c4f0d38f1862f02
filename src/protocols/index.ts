import { algoperfExternal, algoperfSelf } from './algoperf.js';
import { choi2019 } from './choi-2019.js';
import type { Protocol } from './protocol.js';
import { schmidt2021 } from './schmidt-2021.js';
import { schneider2019 } from './schneider-2019.js';
import { wilson2017 } from './wilson-2017.js';

/** Every built-in tuning protocol. */
export const protocols: readonly Protocol[] = [
  choi2019,
  wilson2017,
  schneider2019,
  schmidt2021,
  algoperfExternal,
  algoperfSelf,
];

export { type FinishedTrial, nextStage, type Stage } from './next-stage.js';
export {
  defineProtocol,
  type Level,
  type Protocol,
  protocolSchema,
  type WrittenProtocol,
} from './protocol.js';
