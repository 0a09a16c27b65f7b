"""The figures of the three apps, side by side."""

from compare.measure.bench.command import bench

__all__ = ["bench"]
