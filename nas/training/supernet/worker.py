"""One of several processes that train a network together, each on its share of every batch."""

from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor, nn

from nas.training.step import Step


@dataclass(frozen=True)
class Worker:
    """A process and the number of those it works with.

    The gradients are averaged after the step, rather than through ``DistributedDataParallel``,
    which must know before a step which weights it touches: the networks of a supernet touch others
    at every step.
    """

    rank: int = 0
    """Number of this process, from 0."""
    workers: int = 1
    """Number of processes; more than one need an initialised process group."""

    def share(self, step: Step) -> Step:
        """Return a step for this worker: the same as one process would do with the whole batch.

        It is the same to rounding for networks without batch statistics; those of a worker's share
        differ from those of the whole batch.
        """
        return step if self.workers == 1 else _SharedStep(step, self)


@dataclass(frozen=True)
class _SharedStep:
    step: Step
    worker: Worker

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        own = slice(self.worker.rank, None, self.worker.workers)
        loss = self.step(model, images[own], labels[own], number)
        # All workers ran the same networks, so they have gradients of the same weights.
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        together = torch.cat([loss.reshape(1), *(gradient.reshape(-1) for gradient in gradients)])
        distributed.all_reduce(together)
        together /= self.worker.workers
        mean, *parts = torch.split(together, [1, *(gradient.numel() for gradient in gradients)])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view(gradient.shape))
        return mean.squeeze(0)
