import { defineRelation } from '../relation.js';

/** AdaGrad ⊆ AdaGrad as in PyTorch. */
export const adagradPytorchAdagrad = defineRelation({
  included: 'adagrad',
  including: 'adagrad/pytorch',
  given: ['epsilon'],
  map: ({ eta, hyper: { epsilon } }) => ({ lr: eta, lr_decay: 0, epsilon }),
  schedules: 'any',
  derivation:
    'Without a decay of its own they are one; with it, PyTorch’s is AdaGrad with another schedule of the learning rate.',
  source: 'torch.optim.Adagrad',
});
