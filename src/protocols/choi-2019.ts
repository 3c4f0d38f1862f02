import { defineProtocol } from './protocol.js';

export const choi2019 = defineProtocol({
  name: 'choi-2019',
  source: 'Choi et al. 2019, section 4 and appendices D and E',
  description:
    'Everything is tuned: a wide search, then a final one around its good region, accepted when its best trial is away ' +
    'from every boundary, else widened there and run again.',
  levels: [{ name: 'final space', search: { kind: 'narrow' } }],
});
