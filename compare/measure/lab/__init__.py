"""What sync and async mean, run on the three apps and drawn from their answers."""

from compare.measure.lab.command import lab as lab
