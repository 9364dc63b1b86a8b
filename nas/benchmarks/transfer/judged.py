"""A trained network on the test images of several kinds, and how sure it should have been."""

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace

from nas.common.provenance import environment
from nas.common.rules import Amount, Count, Share
from nas.data.tensors import LensTensors
from nas.training.evaluation import class_probabilities
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.metrics import score
from nas.training.reliability import Reliability
from nas.training.temperature import fit_temperature, scaled

_ASKED = 8


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A trained network on the test images of one kind: a row of ``transfer.csv``.

    Attributes:
        network: Name of the network.
        trained_on: Kind of the images that it learned from.
        tested_on: Kind of the test images.
        simulated: Number of simulated images of each kind.
        image_size: Side of the images in pixels.
        images: Number of training images.
        epochs: Passes over them.
        seed: Seed of weights, training images and their order.
        val_auc: Validation AUC of the epoch that validation chose, on images of the kind learned
            from.
        auc: Macro one-vs-rest AUC on the test images.
        accuracy: Share of the test images whose most probable class is right.
        loss: Mean log loss of the test images in nats.
        ece: Expected calibration error.
        temperature: What the logits are divided by, fitted on the validation images of the kind
            learned from.
        scaled_loss: Log loss after that.
        scaled_ece: Expected calibration error after that.
        seconds: Seconds of training.
        commit: Version of the toolkit that trained it.
    """

    network: str
    trained_on: str
    tested_on: str
    simulated: Count
    image_size: Count
    images: Count
    epochs: Count
    seed: Count
    val_auc: Share = 0.0
    auc: Share = 0.0
    accuracy: Share = 0.0
    loss: Amount = 0.0
    ece: Share = 0.0
    temperature: Amount = 1.0
    scaled_loss: Amount = 0.0
    scaled_ece: Share = 0.0
    seconds: Amount = 0.0
    commit: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What the row is of, without what came of it."""
        return astuple(self)[:_ASKED]


def judged(
    asked: Transfer, result: Result, learned: TrainingImages, kinds: Mapping[str, TrainingImages]
) -> Iterator[Transfer]:
    """Test a network on all kinds of images, as whoever is given its checkpoint would.

    The images are normalised as those that it learned from were, and the temperature is fitted
    there too.

    Args:
        asked: What was trained.
        result: The training.
        learned: Images that it learned from.
        kinds: All kinds of images, by name.

    Yields:
        The row of each kind.
    """
    val = learned.val()
    temperature = fit_temperature(val.labels.numpy(), class_probabilities(result.model, val))
    for kind, images in kinds.items():
        test = LensTensors.load(images.dataset, images.splits.test, learned.normalisation)
        labels, plain = test.labels.numpy(), class_probabilities(result.model, test)
        calibrated = scaled(plain, temperature)
        scores = score(plain, labels, test.classes)
        yield replace(
            asked,
            tested_on=kind,
            val_auc=result.best.val["auc"],
            auc=scores.auc,
            accuracy=scores.accuracy,
            loss=scores.loss,
            ece=Reliability.of(labels, plain).error,
            temperature=temperature,
            scaled_loss=score(calibrated, labels, test.classes).loss,
            scaled_ece=Reliability.of(labels, calibrated).error,
            seconds=result.seconds,
            commit=environment()["commit"],
        )
