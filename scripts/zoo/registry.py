"""Modules by name, with inputs to build them for."""

import torch


class Registry:
    def __init__(self):
        self.models = {}

    def model(self, *shapes, tokens=()):
        """Registers a module class by its name, with the shape of one example of each input; `tokens` are the numbers
        below which the integers of the first inputs are, the others are real."""

        def register(kind):
            self.models[kind.__name__] = (kind, shapes, tokens)
            return kind

        return register

    def build(self, name):
        kind, shapes, tokens = self.models[name]
        whole = [torch.randint(0, limit, (2, *shape)) for shape, limit in zip(shapes, tokens)]
        return kind(), (*whole, *(torch.randn(2, *shape) for shape in shapes[len(tokens) :]))
