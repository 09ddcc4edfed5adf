"""Set 3, when gradients fail: normalization in groups, clipping by the size of a unit, weights of the right size."""

import math

import numpy as np

from course_lib.exercises.engine import Choice, Function, Mistake, Number, Option

from ..problems import FreeText, Problem, ProblemSet, spread


def _normal(x, axis, eps=1e-5, ddof=0, outside=False):
    spread_ = np.var(x, axis=axis, keepdims=True, ddof=ddof)
    return (x - x.mean(axis=axis, keepdims=True)) / (np.sqrt(spread_) + eps if outside else np.sqrt(spread_ + eps))


def _in_groups(x, groups, **how):
    return _normal(x.reshape(len(x), groups, -1), -1, **how).reshape(x.shape)


def _group_by_group(x, groups):
    """Group normalization in Python's own floats, one group of one record after another."""
    out, size = [], len(x[0]) // groups
    for row in x.tolist():
        out.append([])
        for start in range(0, len(row), size):
            part = row[start : start + size]
            middle = math.fsum(part) / size
            spread_ = math.fsum((v - middle) ** 2 for v in part) / size
            out[-1] += [(v - middle) / math.sqrt(spread_ + 1e-5) for v in part]
    return np.array(out)


group_norm = Problem(
    title="Group norm",
    points=4,
    exercise=Function(
        prompt=r"""
Batch norm needs a batch; layer norm takes all channels of a record together, though some may be loud and others
quiet. **Group norm** (Wu & He 2018) stands in between. The channels of *each record* are cut into `groups` equal
pieces, neighbours together, and each piece is normalized by its own mean and variance:

$$ \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + 10^{-5}}}, \qquad \sigma^2 = \overline{(x-\mu)^2} \text{ over the piece} $$

Write it for a batch `x` of shape (n, channels); the number of channels is a multiple of `groups`. (The learned scale
and shift are left out.)

| | record A | record B |
|---|---|---|
| channels | 1, 3, 10, 30 | 5, 5, −1, 1 |
| in 2 groups | −1, 1, −1, 1 | 0, 0, −1, 1 |""",
        solution_code='''
def group_norm(x, groups):
    """The batch, every group of channels of every record with mean 0 and variance 1."""
    pieces = x.reshape(len(x), groups, -1)
    mean = pieces.mean(axis=2, keepdims=True)
    variance = ((pieces - mean) ** 2).mean(axis=2, keepdims=True)
    return ((pieces - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape)
''',
        oracle=_group_by_group,
        inputs=lambda rng: (
            rng.normal(size=(rng.integers(2, 5), (groups := rng.integers(2, 4)) * rng.integers(2, 5)))
            + rng.normal(scale=3),
            int(groups),
        ),
        edge_cases=[
            (np.array([[1.0, 2.0, 4.0, -30.0, 10.0, 5.0]]), 2),
            (np.array([[4.0, 4.0, 4.0, 1.0], [0.5, 2.0, 8.0, 3.0]]), 2),
            (np.array([[1.0, 2.0, 6.0], [3.0, 3.5, 3.0]]), 1),
        ],
        alternatives=[_in_groups],
        hints=[
            "Which axes does an array of shape (n, groups, channels in a group) have, and along which is the mean?",
            "`x.reshape(n, groups, -1)` makes such an array: numpy works out the −1 itself, and neighbours stay "
            "together.",
            "`keepdims=True` keeps the mean in a shape that can be subtracted. At the end: back to the shape of x.",
        ],
        mistakes=[
            Mistake(
                "layer norm",
                lambda x, groups: _normal(x, -1),
                "This is layer norm: all channels of a record together. `groups` has no effect.",
            ),
            Mistake(
                "batch norm",
                lambda x, groups: _normal(x, 0),
                "This is batch norm: each channel over the batch. Here no record may know of another.",
            ),
            Mistake(
                "over the batch too",
                lambda x, groups: _normal(x.reshape(len(x), groups, -1), (0, 2)).reshape(x.shape),
                "The groups are right, but their mean runs over the batch as well. Each record stands alone.",
            ),
            Mistake(
                "every other channel",
                lambda x, groups: _normal(x.reshape(len(x), -1, groups), 1).reshape(x.shape),
                "You dealt the channels out like cards: a group is a run of neighbours, so the shape is (n, "
                "groups, −1).",
            ),
            Mistake(
                "divided by n − 1",
                lambda x, groups: _in_groups(x, groups, ddof=1),
                "Your variance divides by one less than the number of channels. Here it is the plain mean of squares.",
            ),
            Mistake(
                "ε outside",
                lambda x, groups: _in_groups(x, groups, outside=True),
                "The small number stands under the root, beside the variance.",
            ),
            Mistake(
                "not centred",
                lambda x, groups: (
                    p := x.reshape(len(x), groups, -1),
                    p / np.sqrt((p**2).mean(2, keepdims=True) + 1e-5),
                )[1].reshape(x.shape),
                "The mean was not taken off: this is the RMS norm of each group.",
            ),
        ],
        remember="One record is enough for it, so it is the same in training and afterwards.",
    ),
    public=[
        (np.array([[1.0, 3.0, 10.0, 30.0], [5.0, 5.0, -1.0, 1.0]]), 2),
        (np.array([[0.5, -1.0, 2.0, 4.0, 4.5, 3.0], [1.0, 0.0, 3.0, 3.0, -1.0, 2.0]]), 3),
    ],
    parts={"divided by n − 1": 0.5, "ε outside": 0.5, "every other channel": 0.5},
)


def _adaptive(W, g, limit, axis=0, floor=1e-3, scale=lambda ratio: np.minimum(1, ratio)):
    """Clipping by the ratio of norms, with one thing wrong."""
    room = limit * np.maximum(np.linalg.norm(W, axis=axis, keepdims=True), floor)
    return g * scale(room / np.maximum(np.linalg.norm(g, axis=axis, keepdims=True), 1e-300))


def _unit_by_unit(W, g, limit):
    """Adaptive clipping in Python's own floats, one unit after another."""
    columns = []
    for weights, slopes in zip(W.T.tolist(), g.T.tolist()):
        room, length = limit * max(math.hypot(*weights), 1e-3), math.hypot(*slopes)
        columns.append([s * room / length for s in slopes] if length > room else slopes)
    return np.array(columns).T


adaptive_clip = Problem(
    title="A limit for each unit",
    points=4,
    exercise=Function(
        prompt=r"""
Clipping by norm (lesson 11) has one limit for the whole network, and a limit that suits the large layers is too
generous for the small. **Adaptive clipping** (Brock et al. 2021) measures each unit by its own weights: a step may be
long where the weights are. `W` and its gradient `g` have shape (inputs, units), so the weights of unit $j$ are
**column** $j$:

$$ g_j \leftarrow \begin{cases} g_j\,\dfrac{\mathrm{limit}\cdot\max(\|W_j\|, 10^{-3})}{\|g_j\|}
   & \text{if } \|g_j\| > \mathrm{limit}\cdot\max(\|W_j\|, 10^{-3}) \\ g_j & \text{otherwise} \end{cases} $$

The $10^{-3}$ lets a unit whose weights are 0 get away from there. Write it. A gradient may be 0.""",
        solution_code='''
def adaptive_clip(W, g, limit):
    """The gradient, that of each unit no longer than limit times its weights."""
    room = limit * np.maximum(np.linalg.norm(W, axis=0), 1e-3)
    length = np.linalg.norm(g, axis=0)
    return np.where(length > room, g * room / np.maximum(length, 1e-300), g)
''',
        oracle=_unit_by_unit,
        inputs=lambda rng: (
            rng.normal(size=(shape := (int(rng.integers(2, 5)), int(rng.integers(3, 6)))))
            * (sizes := rng.permutation([0.0, 1.0, 3.0, 5.0, 2.0][: shape[1]])),
            rng.normal(size=shape) * np.where(sizes == 3, 0.05, 0.6),
            float(rng.uniform(0.1, 0.3)),
        ),
        edge_cases=[
            (np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[0.3, 2.0], [-0.4, 1.0]]), 0.1),
            (np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 0.0]]), np.array([[0.0, 5.0, 1e-5], [0.0, -1.0, 0.0]]), 0.1),
        ],
        alternatives=[_adaptive],
        hints=[
            "`np.linalg.norm(W, axis=0)` gives the length of every column. How much room does each leave?",
            "Compare with the length of the columns of g; `np.where` chooses, and the two rows of numbers spread "
            "over the table.",
            "A gradient of 0 must not be divided by its length: `np.maximum(length, 1e-300)` makes the division "
            "harmless.",
        ],
        mistakes=[
            Mistake(
                "rows for columns",
                lambda W, g, limit: _adaptive(W, g, limit, axis=1),
                "You measured the rows. The weights *into* a unit are a column.",
            ),
            Mistake(
                "whole matrix",
                lambda W, g, limit: _adaptive(W, g, limit, axis=(0, 1)),
                "You measured the matrix as a whole. Each unit has a limit of its own.",
            ),
            Mistake(
                "always scaled",
                lambda W, g, limit: _adaptive(W, g, limit, scale=np.array),
                "You bring every gradient to the limit. Those below it stay as they are.",
            ),
            Mistake(
                "no floor",
                lambda W, g, limit: _adaptive(W, g, limit, floor=0.0),
                "A unit whose weights are 0 gets no gradient at all, and stays there for ever: the 10⁻³ is missing.",
            ),
            Mistake(
                "weights forgotten",
                lambda W, g, limit: _adaptive(np.zeros_like(W), g, limit, floor=1.0),
                "The limit does not look at the weights: this is plain clipping by norm, unit by unit.",
            ),
            Mistake(
                "by value",
                lambda W, g, limit: np.clip(g, *(_room(W, limit) * s for s in (-1, 1))),
                "You clip each entry by itself, which turns the direction. The column is shortened as a whole.",
            ),
        ],
        remember="Relative steps: no unit may change by more than a fixed share of itself.",
    ),
    public=[
        (np.array([[3.0, 0.3], [4.0, 0.4]]), np.array([[0.6, 0.6], [0.8, 0.8]]), 0.1),
        (np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 0.5]]), np.array([[0.01, 0.5, 3.0], [0.02, -0.5, 4.0]]), 0.2),
    ],
    parts={"no floor": 0.5, "rows for columns": 0.5},
)


def _room(W, limit):
    return limit * np.maximum(np.linalg.norm(W, axis=0), 1e-3)


def _standardized(W, gain, axis=0, centred=True, fan=lambda W: W.shape[0], rooted=True, ddof=0):
    """Weight standardization with one thing wrong."""
    middle = W.mean(axis=axis, keepdims=True) if centred else 0
    width = np.var(W, axis=axis, keepdims=True, ddof=ddof) * fan(W)
    return gain * (W - middle) / (np.sqrt(width) if rooted else width)


standardized = Problem(
    title="Weights that keep their size",
    points=4,
    exercise=Function(
        prompt=r"""
Instead of normalizing what comes out of a layer, one can normalize the layer: **weight standardization** (Qiao et al.
2019) gives the weights into each unit mean 0 and a variance of $1/n_\text{in}$ before they are used, as LeCun's
initialization does at the start, and so keeps them there. `W` has shape ($n_\text{in}$, units); for column $j$, with
its mean $\mu_j$ and variance $\sigma_j^2$ (the plain mean of squares),

$$ \hat W_{ij} = \mathrm{gain}\cdot\frac{W_{ij} - \mu_j}{\sqrt{n_\text{in}\,\sigma_j^2}}. $$

Write it.""",
        solution_code='''
def standardized(W, gain):
    """The weights, those into each unit with mean 0 and variance gain**2 / n_in."""
    centred = W - W.mean(axis=0)
    return gain * centred / np.sqrt((centred**2).sum(axis=0))
''',
        oracle=lambda W, gain: np.array([_standard_column(c, gain) for c in W.T.tolist()]).T,
        inputs=lambda rng: (
            rng.normal(scale=rng.uniform(0.2, 3), size=(rng.integers(3, 6), rng.integers(2, 5))) + rng.normal(),
            float(rng.uniform(0.5, 2)),
        ),
        edge_cases=[
            (np.array([[1.0, -2.0], [2.0, 5.0], [4.0, 3.0]]), 1.5),
            (np.array([[0.1, 200.0], [0.2, 100.0], [0.5, -50.0], [0.1, 40.0]]), 0.8),
        ],
        alternatives=[_standardized],
        hints=[
            "The mean of each column first: along which axis is it taken?",
            "`W - W.mean(axis=0)` centres every column. Its variance is the mean of the squares of that.",
            "n_in times the mean of squares is their sum.",
        ],
        mistakes=[
            Mistake(
                "rows for columns",
                lambda W, gain: _standardized(W, gain, axis=1),
                "You standardized the rows, what goes *out of* each input. What goes into a unit is a column.",
            ),
            Mistake(
                "whole matrix",
                lambda W, gain: _standardized(W, gain, axis=(0, 1)),
                "You took mean and variance of the whole matrix. Each unit has its own.",
            ),
            Mistake(
                "fan-in forgotten",
                lambda W, gain: _standardized(W, gain, fan=lambda W: 1),
                "The variance of the result is gain², whatever the number of inputs: n_in is missing under the root.",
            ),
            Mistake(
                "fan-out",
                lambda W, gain: _standardized(W, gain, fan=lambda W: W.shape[1]),
                "You counted the units. What adds up in a unit are its inputs: n_in = `W.shape[0]`.",
            ),
            Mistake(
                "not centred",
                lambda W, gain: _standardized(W, gain, centred=False),
                "The mean was not taken off.",
            ),
            Mistake(
                "no root",
                lambda W, gain: _standardized(W, gain, rooted=False),
                "The root is missing: weights are divided by a width, not by a variance.",
            ),
            Mistake(
                "divided by n − 1",
                lambda W, gain: _standardized(W, gain, ddof=1),
                "Your variance divides by n_in − 1. Here it is the plain mean of squares.",
            ),
        ],
        remember="The lengths of the columns no longer matter, so they can neither explode nor fade.",
    ),
    public=[
        (np.array([[1.0, 0.0], [-1.0, 2.0]]), 1.0),
        (np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 3.0, 1.5], [5.0, -2.0, 0.5]]), 2.0),
    ],
    parts={"fan-in forgotten": 0.5, "divided by n − 1": 0.5},
)


def _standard_column(column, gain):
    middle = math.fsum(column) / len(column)
    return [gain * (v - middle) / math.dist(column, [middle] * len(column)) for v in column]


residual_share = Problem(
    title="Many small additions",
    points=3,
    exercise=Number(
        name="residual_share",
        prompt=r"""
In a residual network each block adds to what comes in: $x \leftarrow x + \alpha f(x)$. At the start $f(x)$ has the
same variance as $x$ and is not correlated with it, so a block multiplies the variance by $1 + \alpha^2$. After
`blocks` blocks the variance shall have grown `growth`-fold, no more. What is the largest $\alpha$? Work it out
exactly, without approximations.""",
        values={"blocks": tuple(range(12, 61)), "growth": spread(2, 6, 0.25)},
        oracle=lambda blocks, growth: math.sqrt(growth ** (1 / blocks) - 1),
        rtol=5e-3,
        precision="give three significant digits",
        working="(1 + α²)^{blocks} = {growth}, so α is the root of {growth}^(1/{blocks}) − 1.",
        hints=[
            "What does the variance become after two blocks? After many?",
            "It becomes (1 + α²) to the power of the number of blocks. Put that equal to the growth.",
            "Take that root of the growth, subtract 1, and take the square root.",
        ],
        mistakes=[
            Mistake(
                "square left",
                lambda blocks, growth: growth ** (1 / blocks) - 1,
                "This is α². (Or did the block multiply the variance by 1 + α? It is the square that counts.)",
            ),
            Mistake(
                "shares add up",
                lambda blocks, growth: math.sqrt((growth - 1) / blocks),
                "You let every block add the same variance, α² of the *first*. Each adds α² of what has come to it.",
            ),
            Mistake(
                "growth divided",
                lambda blocks, growth: math.sqrt(growth / blocks),
                "You divided the growth by the number of blocks. Factors multiply: a root is called for.",
            ),
            Mistake(
                "1 forgotten",
                lambda blocks, growth: math.sqrt(growth ** (1 / blocks)),
                "This is the root of 1 + α²: what has come in counts 1, and α² is the rest.",
            ),
        ],
        remember="The deeper the network, the smaller the share of each block: about 1/√(number of blocks).",
    ),
    parts={"square left": 0.5, "shares add up": 0.5},
)

spikes = Problem(
    title="Ten spikes in a thousand",
    points=2,
    exercise=Choice(
        name="spikes",
        prompt=r"""
A recurrent network over 400 time steps has trained well for two hours; then the cost is `nan`. You start again and
write down the norm of the gradient at every update. Out of a thousand, 990 lie between 0.4 and 1.6; the other ten
between 50 and 4000. What do you change first?""",
        options=[
            Option(
                "The learning rate, to a thousandth of what it is.",
                "That would survive the spikes, at the price of a thousand times as many updates in the 99% where "
                "all is well.",
                name="rate",
            ),
            Option(
                "Clip each entry of the gradient to ±0.001.",
                "Far below the usual entries: nearly every update would be cut, entry by entry, and point elsewhere.",
                name="by value",
            ),
            Option(
                "Clip the norm of the gradient to about 2.",
                "The usual updates pass untouched, and a spike keeps its direction and loses its length.",
                right=True,
            ),
            Option(
                "Clip the norm of the gradient to 3000, somewhat below the largest that was seen.",
                "An update two thousand times as long as usual still throws the network out of the valley.",
                name="too generous",
            ),
            Option(
                "Initialize the weights smaller.",
                "It has trained well for two hours: the start is not to blame, the walls met on the way are.",
                name="initialization",
            ),
        ],
        hints=[
            "What do 990 of 1000 updates tell about the rate?",
            "A cure should touch the ten and leave the others alone.",
            "Where would you draw the line between the usual and the rest?",
        ],
    ),
)

two_per_batch = Problem(
    title="In words: two pictures at a time",
    points=4,
    exercise=FreeText(
        name="two_per_batch",
        prompt=r"""
A group segments pictures of the heart. A picture is so large that only **two** fit into memory as a batch. Their
network has batch norm in every layer. The cost in training falls nicely; on single pictures from the clinic the
results are poor, and worse for one scanner than for the others.

In 80 to 200 words: explain both observations from what batch norm computes in training and afterwards, and say what
you would put in its place, and why it does not have this trouble.""",
        rubric=[
            (
                1,
                "with two records the batch's mean and variance are very noisy: each picture is normalized by its "
                "neighbour",
            ),
            (
                1,
                "afterwards running averages are used instead: another function than was trained, the gap that is seen",
            ),
            (1, "a scanner whose pictures have other statistics fits the running averages least"),
            (
                1,
                "group norm or layer norm: statistics from the record itself, alike in both modes and at any batch "
                "size",
            ),
        ],
        model=r"""
In training batch norm takes mean and variance from the batch. With two pictures these are hardly more than a guess:
every picture is normalized by itself and one chance neighbour, and the network learns to live with that noise. In
evaluation the running averages take their place, so the trained function is not the one that is used; the smaller the
batch was, the farther the two lie apart. Hence a nice training cost and poor results on single pictures. A scanner
with its own brightness and contrast was in training partly normalized by its own pictures; now it is measured by
averages that the other scanners dominate, and its activations lie where the later layers have never been. I would put
group norm (or layer norm) in its place: mean and variance come from groups of channels of the same picture. It knows
no batch, so two pictures or one make no difference, there is nothing to be averaged over, and training and evaluation
compute the same.""",
        hints=[
            "How well do two values tell you a mean and a variance?",
            "What does batch norm use when a single picture comes in?",
            "One exercise of this set is about a norm that needs no batch.",
        ],
    ),
)

SET = ProblemSet(
    name="set_3",
    title="Problem set 3 · When gradients fail",
    part="lessons 09 to 12: vanishing and exploding gradients, initialization, clipping, normalization",
    intro="Signals that fade or explode have more cures than the lessons could show. Here are three, and when to "
    "use which.",
    problems=[group_norm, adaptive_clip, standardized, residual_share, spikes, two_per_batch],
)
