"""The delete-one jackknife of a ratio of sums by cluster, in closed form."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


def left_out(a: Floats, b: Floats) -> Floats:
    """Return by how much a score is higher than the score without each cluster.

    The score is r = Σa / Σb, and r − (Σa − a_c) / (Σb − b_c) = (a_c − r·b_c) / (Σb − b_c). It is 0
    where Σb is 0: such a score is 0 by definition.

    Args:
        a: Numerators by cluster (..., clusters).
        b: Denominators by cluster (..., clusters); none is the whole of Σb.

    Returns:
        (..., clusters) differences.
    """
    whole = b.sum(-1, keepdims=True)
    ratio = np.divide(a.sum(-1, keepdims=True), whole, out=np.zeros_like(whole), where=whole > 0)
    rest = whole - b
    z: Floats = ratio * b
    np.subtract(a, z, out=z)
    if rest.size and rest.min() > 0:  # nearly always; a division with a mask is slow
        z /= rest
    else:
        np.divide(z, rest, out=z, where=rest > 0)
    return z


def spread(z: Floats, clusters: int) -> Floats:
    """Return the jackknife variance of scores whose delete-one differences are z.

    (J − 1) / J · Σ (z_c − z̄)², source: Efron and Stein 1981; MacKinnon et al., arXiv 2406.08880.

    Args:
        z: Differences (..., at most J clusters); clusters that are left out have 0.
        clusters: J, the number of clusters in all.

    Returns:
        (...) variances.
    """
    mean = z.sum(-1, keepdims=True) / clusters
    squares = ((z - mean) ** 2).sum(-1) + (clusters - z.shape[-1]) * mean[..., 0] ** 2
    variance: Floats = (clusters - 1) / clusters * squares
    return variance


def covariances(z: Floats, clusters: int) -> Floats:
    """Return the jackknife covariances of several scores; their diagonal is ``spread``.

    The spread of any signed sum w of the scores is w' C w.

    Args:
        z: Differences (scores, at most J clusters); clusters that are left out have 0.
        clusters: J, the number of clusters in all.

    Returns:
        (scores, scores) covariances.
    """
    mean = z.sum(-1) / clusters
    centred = z - mean[:, None]
    products = centred @ centred.T + (clusters - z.shape[-1]) * np.outer(mean, mean)
    return (clusters - 1) / clusters * products
