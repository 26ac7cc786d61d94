"""Sweeps: the same values on every route, after every interruption, and never a silent NaN."""

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import NamedTuple

import numpy as np
import pytest
from dltheory.sweep import CLUSTER, SweepResult, batched, sweep
from hypothesis import given
from hypothesis import strategies as st

GRID = {"n": [40, 90, 160], "scale": [0.5, 2.0]}


class Record(NamedTuple):
    bias: float
    variance: float


@dataclasses.dataclass(frozen=True)
class Frozen:
    bias: float
    variance: float


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.delenv(CLUSTER, raising=False)
    monkeypatch.delenv("DLTHEORY_SCALE", raising=False)


def spectral_norm(n, scale, rng):
    """Long sums through BLAS: their last digits change with the number of threads."""
    X = rng.normal(size=(4 * n, n))
    return scale * np.linalg.norm(X.T @ X)


def bias_and_variance(n, scale, rng):
    x = rng.normal(size=n)
    return Record(bias=scale * x.mean(), variance=x.var())


@batched
def batched_norms(n, scale, rngs):
    return scale * np.array([np.linalg.norm(rng.normal(size=n)) for rng in rngs])


def plain_norm(n, scale, rng):
    return scale * np.linalg.norm(rng.normal(size=n))


def fails_at_90(n, scale, rng):
    if n == 90:
        raise ZeroDivisionError("by nothing")
    return 1.0


# --- values ------------------------------------------------------------------------------------------


def test_each_value_is_the_function_with_its_own_stream():
    result = sweep(plain_norm, GRID, seeds=[7, 3])
    assert result.values.shape == (3, 2, 2)
    assert result.seeds == (7, 3)
    for i, n in enumerate(GRID["n"]):
        for j, scale in enumerate(GRID["scale"]):
            for k, seed in enumerate((7, 3)):
                rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2 * i + j,)))
                assert result.values[i, j, k] == plain_norm(n, scale, rng)


def test_streams_differ_between_all_seeds_and_points():
    draws = sweep(lambda a, rng: rng.random(), {"a": range(40)}, seeds=40).values
    assert len(np.unique(draws)) == 1600
    # Uniform and uncorrelated: mean 1/2, correlation 0 of neighbours, each within 5 standard errors.
    assert abs(draws.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 1600)
    assert abs(np.corrcoef(draws[:, 1:].ravel(), draws[:, :-1].ravel())[0, 1]) < 5 / np.sqrt(1560)
    assert abs(np.corrcoef(draws[1:].ravel(), draws[:-1].ravel())[0, 1]) < 5 / np.sqrt(1560)


def test_a_seed_gives_the_same_value_whatever_other_seeds_there_are():
    few, many = sweep(plain_norm, GRID, seeds=[2]), sweep(plain_norm, GRID, seeds=5)
    assert np.array_equal(few.values[..., 0], many.values[..., 2])


def test_batched_equals_plain():
    assert np.array_equal(sweep(batched_norms, GRID, seeds=4).values, sweep(plain_norm, GRID, seeds=4).values)


def test_batched_is_called_once_a_point_and_found_inside_a_partial():
    calls = []

    @batched
    def count(n, offset, rngs):
        calls.append(n)
        return {"a": np.full(len(rngs), n + offset), "b": [1] * len(rngs)}

    result = sweep(functools.partial(count, offset=0.5), {"n": [1, 2]}, seeds=6)
    assert calls == [1, 2]
    assert result.outputs == ("a", "b")
    assert result["a"].mean.tolist() == [1.5, 2.5]


def test_parameters_arrive_as_python_values():
    seen = []

    def function(number, count, name, flag, rng):
        seen.append((type(number), type(count), type(name), type(flag)))
        return 0.0

    grid = {"number": np.linspace(0, 1, 2), "count": np.arange(1), "name": ["l1"], "flag": np.array([True])}
    sweep(function, grid, seeds=1)
    assert seen == [(float, int, str, bool)] * 2


@pytest.mark.parametrize(
    "kind", [Record, Frozen, lambda bias, variance: {"bias": bias, "variance": variance}]
)
def test_several_outputs(kind):
    def function(n, scale, rng):
        return kind(*bias_and_variance(n, scale, rng))

    result = sweep(function, GRID, seeds=3)
    assert result.outputs == ("bias", "variance")
    variance = result["variance"]
    assert isinstance(variance, SweepResult)
    assert variance.outputs == ("variance",)
    alone = sweep(lambda n, scale, rng: bias_and_variance(n, scale, rng).variance, GRID, seeds=3)
    assert np.array_equal(variance.values, alone.values)
    for name in ("values", "mean", "standard_error", "median"):
        with pytest.raises(ValueError, match=r"choose one output.*bias"):
            getattr(result, name)
    with pytest.raises(ValueError, match=r"output must be one of \['bias', 'variance'\], got 'risk'"):
        result["risk"]


def test_rows_are_tidy():
    result = sweep(bias_and_variance, GRID, seeds=[5, 6])
    rows = result.rows()
    assert len(rows) == 12
    assert list(rows[0]) == ["n", "scale", "seed", "bias", "variance"]
    wanted = {"n": 90, "scale": 2.0, "seed": 6, "bias": result["bias"].values[1, 1, 1]}
    assert [row["variance"] for row in rows if wanted.items() <= row.items()] == [
        result["variance"].values[1, 1, 1]
    ]


def test_the_result_is_frozen():
    result = sweep(plain_norm, GRID, seeds=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.seeds = (1,)
    with pytest.raises(ValueError, match="read-only"):
        result.values[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        result.parameters["n"][0] = 0
    assert repr(result) == "SweepResult(n: 3, scale: 2; 2 seeds; value)"


# --- statistics --------------------------------------------------------------------------------------


def result_of(values):
    values = np.asarray(values, dtype=float)
    parameters = {"a": np.arange(len(values))}
    return SweepResult(parameters, tuple(range(values.shape[1])), ("value",), values[None])


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=1, max_size=5), st.floats(0, 1)
)
def test_statistics_are_those_of_numpy(values, q):
    result = result_of(values)
    assert np.allclose(result.mean, np.mean(values, axis=1))
    assert np.allclose(result.standard_error, np.std(values, axis=1, ddof=1) / 2)
    assert np.allclose(result.median, np.median(values, axis=1))
    assert np.allclose(result.quantile(q), np.quantile(values, q, axis=1), rtol=1e-9, atol=1e-6)
    assert result.quantile([0.1, q, 0.9]).shape == (3, len(values))


@given(st.lists(st.sampled_from([0.0, 1.0, np.inf]), min_size=2, max_size=7), st.floats(0, 1))
def test_statistics_with_poles_are_never_nan(values, q):
    for signed in (values, [-v for v in values]):
        result = result_of([signed])
        finite = np.isfinite(signed).all()
        statistics = [result.mean, result.standard_error, result.quantile(q), result.median]
        assert not np.isnan(statistics).any()
        assert np.isfinite(result.mean).all() == finite
        assert np.isfinite(result.standard_error).all() == finite
        assert (result.standard_error >= 0).all()


def test_quantiles_of_poles():
    result = result_of([[0.0, 1.0, np.inf, np.inf]])
    assert result.quantile([0, 1 / 3, 0.5, 2 / 3, 1]).ravel().tolist() == [0, 1, np.inf, np.inf, np.inf]


def test_one_seed_has_no_standard_error():
    result = sweep(plain_norm, GRID, seeds=1)
    assert np.array_equal(result.mean, result.median)
    with pytest.raises(ValueError, match="standard_error needs seeds to be at least 2"):
        _ = result.standard_error


@pytest.mark.parametrize("q", [-0.1, 1.1, np.nan, "half"])
def test_bad_quantile(q):
    with pytest.raises(ValueError, match="q must be"):
        result_of([[1.0, 2.0]]).quantile(q)


# --- routes ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and a worker process of two threads, reached through TCP on the loopback address."""
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(host="127.0.0.1", protocol="tcp://", **options) as cluster:
        yield cluster.scheduler_address


@pytest.mark.parametrize("function", [spectral_norm, bias_and_variance, batched_norms])
def test_the_three_routes_agree_bit_for_bit(function, cluster, monkeypatch):
    one = sweep(function, GRID, seeds=3)
    two = sweep(function, GRID, seeds=3, n_jobs=2)
    monkeypatch.setenv(CLUSTER, cluster)
    assert cluster.startswith("tcp://127.0.0.1:")
    three = sweep(function, GRID, seeds=3)
    assert one.outputs == two.outputs == three.outputs
    assert one.table.tobytes() == two.table.tobytes() == three.table.tobytes()


def blas_threads(n, rng):
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    return max(library["num_threads"] for library in threadpool_info())


def process_id(n, rng):
    return os.getpid()


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_one_thread_a_point(n_jobs):
    from threadpoolctl import threadpool_info

    before = [library["num_threads"] for library in threadpool_info()]
    assert (sweep(blas_threads, {"n": range(4)}, seeds=1, n_jobs=n_jobs).values == 1).all()
    after = [library["num_threads"] for library in threadpool_info()]
    assert after[: len(before)] == before


OVERLAPPING = """
    import threading
    from threadpoolctl import threadpool_info
    from dltheory.sweep.job import Job
    from dltheory.sweep.routes import _attempt_remotely

    both_run, first_ended = threading.Barrier(2), threading.Event()

    def threads(n, rng):
        both_run.wait(timeout=30)
        if n == 1:
            first_ended.wait(timeout=30)
        return max(library["num_threads"] for library in threadpool_info())

    def run(index):
        counts[index] = _attempt_remotely(job, index)[1]["value"][0]
        first_ended.set()

    counts, job = {}, Job(threads, {"n": [0, 1]}, (0,))
    workers = [threading.Thread(target=run, args=(index,)) for index in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(counts[0], counts[1])
"""


def test_overlapping_tasks_of_a_worker_do_not_undo_each_others_limit():
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(OVERLAPPING)],
        env=dict(os.environ, OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.split() == ["1.0", "1.0"]


def test_none_stays_in_this_process_and_two_leaves_it():
    assert (sweep(process_id, {"n": range(3)}, seeds=1).values == os.getpid()).all()
    assert not (sweep(process_id, {"n": range(3)}, seeds=1, n_jobs=2).values == os.getpid()).any()


def test_a_cluster_is_used_when_it_is_named(cluster, monkeypatch):
    from distributed import get_worker

    def worker_name(n, rng):
        return len(get_worker().address)

    with pytest.raises(ValueError, match="No worker"):
        sweep(worker_name, {"n": range(2)}, seeds=1)
    monkeypatch.setenv(CLUSTER, cluster)
    assert (sweep(worker_name, {"n": range(30)}, seeds=1).values > 0).all()


def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setenv(CLUSTER, "no-such-protocol://nowhere")
    with pytest.raises(ConnectionError, match="DLTHEORY_DASK is 'no-such-protocol://nowhere'"):
        sweep(plain_norm, GRID, seeds=1)


@pytest.mark.parametrize("route", ["one process", "two processes", "cluster"])
def test_an_exception_names_the_point_and_keeps_what_is_finished(route, tmp_path, request, monkeypatch):
    path = tmp_path / "points.jsonl"
    if route == "cluster":
        monkeypatch.setenv(CLUSTER, request.getfixturevalue("cluster"))
    with pytest.raises(ZeroDivisionError, match="by nothing") as caught:
        sweep(fails_at_90, GRID, seeds=2, n_jobs=2 if route == "two processes" else None, checkpoint=path)
    assert caught.value.__notes__[0] == "sweep: at n=90, scale=0.5, seed 0"
    points = {json.loads(line)["point"] for line in path.read_text().splitlines()[1:]}
    assert {0, 1} <= points  # those before the failure
    assert not points & {2, 3}
    if route == "one process":
        assert points == {0, 1}


def fails_sooner_at_the_later_point(n, rng):
    time.sleep(0.3 / n)
    raise ArithmeticError(n)


def test_of_several_exceptions_the_first_point_is_told():
    with pytest.raises(ArithmeticError) as caught:
        sweep(fails_sooner_at_the_later_point, {"n": [1, 100]}, seeds=1, n_jobs=2)
    assert caught.value.__notes__[0] == "sweep: at n=1, seed 0"


class Unpicklable(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def raises_unpicklable(n, rng):
    raise Unpicklable("one", "two")


def test_an_exception_that_cannot_travel_is_told_in_words():
    with pytest.raises(RuntimeError, match="Unpicklable: one and two") as caught:
        sweep(raises_unpicklable, {"n": [1, 2]}, seeds=1, n_jobs=2)
    assert caught.value.__notes__[0] == "sweep: at n=1, seed 0"


SLOW = """
    from dltheory.sweep import sweep

    def slow(n, rng):
        import time
        time.sleep(0.3)
        return rng.normal()

    if __name__ == "__main__":
        sweep(slow, {{"n": range(5)}}, seeds=1, n_jobs={n_jobs})
"""


@pytest.mark.parametrize(("scale", "n_jobs"), [("class", None), ("class", 2), ("full", None)])
def test_progress_is_shown_only_where_it_is_wanted(scale, n_jobs):
    environment = dict(os.environ, DLTHEORY_SCALE=scale)
    command = [sys.executable, "-c", textwrap.dedent(SLOW).format(n_jobs=n_jobs)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout == ""
    assert ("point" in run.stderr) == (scale == "full")
    assert scale == "full" or run.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_is_shown_in_a_terminal():
    import pty
    import termios

    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 80))
    command = [sys.executable, "-c", textwrap.dedent(SLOW).format(n_jobs=None)]
    subprocess.run(command, stderr=child, timeout=60, check=True)
    os.set_blocking(parent, False)
    assert b"point" in os.read(parent, 100_000)
    os.close(child)
    os.close(parent)


# --- checkpoints -------------------------------------------------------------------------------------

KILLED = """
    import os, sys, time
    from dltheory.sweep import sweep

    def slow(ratio, n, rng):
        time.sleep(float(os.environ["PAUSE"]))
        pole = float("inf") if n == 7 else rng.random() / 3
        return {"sum": rng.normal(size=n).sum() / ratio, "pole": pole}

    if __name__ == "__main__":
        grid = {"ratio": [0.1, 1 / 3, 2e-300, 7.0], "n": [3, 5, 7, 11]}
        n_jobs, checkpoint = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
        result = sweep(slow, grid, seeds=2, n_jobs=n_jobs, checkpoint=checkpoint)
        sys.stdout.buffer.write(result.table.tobytes())
"""


@pytest.mark.parametrize("n_jobs", ["1", "2"])
def test_a_killed_sweep_goes_on_with_identical_results(tmp_path, n_jobs):
    path = tmp_path / "points.jsonl"
    command = [sys.executable, "-c", textwrap.dedent(KILLED)]
    quick, slow = dict(os.environ, PAUSE="0"), dict(os.environ, PAUSE="0.1")
    whole = subprocess.run([*command, "1"], env=quick, capture_output=True, timeout=60, check=True)
    process = subprocess.Popen(
        [*command, n_jobs, str(path)], env=slow, start_new_session=True, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while (not path.exists() or path.read_bytes().count(b"\n") < 5) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = path.read_bytes()
    assert 5 <= before.count(b"\n") < 17  # in mid-sweep
    path.write_bytes(before + b'{"point": 15, "columns": {"su')  # a line torn by the kill
    resumed = subprocess.run(
        [*command, n_jobs, str(path)], env=quick, capture_output=True, timeout=60, check=True
    )
    assert resumed.stdout == whole.stdout
    assert len(whole.stdout) == 2 * 16 * 2 * 8
    assert path.read_bytes().startswith(before)
    points = [json.loads(line)["point"] for line in path.read_text().splitlines()[1:]]
    assert sorted(points) == list(range(16))  # none computed twice


def test_finished_points_are_not_computed_again(tmp_path):
    calls = []

    def function(n, rng):
        calls.append(n)
        return rng.normal() if n < 3 else np.inf

    runs = [sweep(function, {"n": range(5)}, seeds=2, checkpoint=tmp_path / "p") for _ in range(2)]
    assert len(calls) == 10
    assert runs[0].table.tobytes() == runs[1].table.tobytes()


def test_each_torn_file_is_resumed(tmp_path):
    path = tmp_path / "p"
    whole = sweep(bias_and_variance, GRID, seeds=2, checkpoint=path)
    content = path.read_bytes()
    for length in range(0, len(content), 41):
        path.write_bytes(content[:length])
        assert (
            sweep(bias_and_variance, GRID, seeds=2, checkpoint=path).table.tobytes() == whole.table.tobytes()
        )
        assert path.read_bytes() == content


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_every_float_survives_the_file(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("floats") / "p"
    recall = batched(lambda a, rngs: values)
    first = sweep(recall, {"a": [1]}, seeds=3, checkpoint=path)
    again = sweep(recall, {"a": [1]}, seeds=3, checkpoint=path)
    assert first.table.tobytes() == again.table.tobytes() == np.array(values).tobytes()


def makes(constant):
    def inner(n, scale, rng):
        return constant * n

    return inner


HELPER_FACTOR = 2.0


def helper():
    return HELPER_FACTOR


def uses_helper(n, scale, rng):
    return helper()


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"function": fails_at_90}, "another function"),
        ({"function": makes(2.0)}, "code or constants"),
        ({"function": functools.partial(makes(1.0), n=1)}, "code or constants"),
        ({"grid": {"n": [40, 90], "scale": [0.5]}}, "another grid"),
        ({"grid": {"scale": [0.5], "n": [40]}}, "another grid"),
        ({"grid": {"n": [40.0], "scale": [0.5]}}, "another grid"),
        ({"seeds": 3}, "other seeds"),
        ({"seeds": [1, 0]}, "other seeds"),
    ],
)
def test_a_checkpoint_of_another_sweep_is_refused_and_kept(tmp_path, other, named):
    path = tmp_path / "p"
    mine = {"function": makes(1.0), "grid": {"n": [40], "scale": [0.5]}, "seeds": 2}

    def run(function, grid, seeds):
        return sweep(function, grid, seeds=seeds, checkpoint=path)

    run(**mine)
    content = path.read_bytes()
    with pytest.raises(ValueError, match=rf"checkpoint .*{named}"):
        run(**mine | other)
    assert path.read_bytes() == content
    assert run(**mine | {"function": makes(1.0)}).mean.item() == 40  # the same code, another object


def test_a_changed_constant_of_a_called_function_is_noticed(tmp_path, monkeypatch):
    sweep(uses_helper, GRID, seeds=1, checkpoint=tmp_path / "p")
    monkeypatch.setitem(globals(), "HELPER_FACTOR", 3.0)
    with pytest.raises(ValueError, match=r"checkpoint .*code or constants"):
        sweep(uses_helper, GRID, seeds=1, checkpoint=tmp_path / "p")


@pytest.mark.parametrize("content", ["hello", "hello\nworld\n", "{}\n", "[1]\n", "\n", "{"])
def test_another_file_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_text(content)
    if content == "{":  # the start of the first line, torn: this one is ours
        sweep(plain_norm, GRID, seeds=1, checkpoint=path)
        return
    with pytest.raises(ValueError, match=r"checkpoint .*notes.txt.* was not written by a sweep"):
        sweep(plain_norm, GRID, seeds=1, checkpoint=path)
    assert path.read_text() == content


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        '{"point": 6, "columns": {"value": [1.0, 2.0]}}',
        '{"point": 0, "columns": {"value": [1.0]}}',
        '{"point": 0, "columns": {"value": [1.0, "nan"]}}',
        '{"point": 0, "columns": {}}',
        '{"point": 0, "columns": {"value": [1.0, 2.0]}}',
        '{"point": 1, "columns": {"other": [1.0, 2.0]}}',
        "",
    ],
)
def test_a_damaged_line_is_reported(tmp_path, line):
    path = tmp_path / "p"
    sweep(plain_norm, GRID, seeds=2, checkpoint=path)
    lines = path.read_text().splitlines()
    content = "\n".join([*lines[:2], line, *lines[3:]]) + "\n"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"checkpoint .* is damaged at line 3"):
        sweep(plain_norm, GRID, seeds=2, checkpoint=path)
    assert path.read_text() == content


def test_a_checkpoint_needs_a_folder(tmp_path):
    for path in (tmp_path, tmp_path / "missing" / "p"):
        with pytest.raises(ValueError, match="checkpoint must be a file in an existing folder"):
            sweep(plain_norm, GRID, seeds=1, checkpoint=path)


# --- bad results and bad input -----------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_nan_names_the_point_and_the_seed(n_jobs):
    def function(n, scale, rng):
        value = rng.random()
        return np.nan if n == 90 and value > 0.5 else value

    draws = sweep(lambda n, scale, rng: rng.random(), GRID, seeds=8).values[1, 0]
    first = int(np.argmax(draws > 0.5))
    with pytest.raises(ValueError, match="'value' of function must not be NaN") as caught:
        sweep(function, GRID, seeds=8, n_jobs=n_jobs)
    assert str(caught.value).endswith(f"at n=90, scale=0.5, seed {first}")


def test_infinity_is_admitted_but_not_both():
    assert sweep(lambda a, rng: np.inf, {"a": [1]}, seeds=2).mean.tolist() == [np.inf]
    both = batched(lambda a, rngs: np.array([np.inf, -np.inf]))
    with pytest.raises(ValueError, match=r"both inf and -inf at a=1"):
        sweep(both, {"a": [1]}, seeds=2)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "'value' must be one real number for each of 2 seeds, got .*None.* at a=1"),
        ("1.0", "'value' must be one real number"),
        (1j, "'value' must be one real number"),
        (np.ones(3), "'value' must be one real number"),
        ([1.0], "'value' must be one real number"),
        ({}, "must name its outputs by strings"),
        ({1: 1.0}, "must name its outputs by strings"),
        ({"a": 1.0}, "'a' of function must not have the name of a parameter"),
        ({"seed": 1.0}, "'seed' of function must not have the name of a parameter"),
    ],
)
def test_what_is_no_number_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        sweep(lambda a, rng: value, {"a": [1, 2]}, seeds=2)


@pytest.mark.parametrize("value", [1.0, np.ones(3), np.ones((2, 1)), [[1.0], [1.0, 2.0]]])
def test_a_batched_function_returns_one_value_a_seed(value):
    with pytest.raises(ValueError, match="must be one real number for each of 2 seeds"):
        sweep(batched(lambda a, rngs: value), {"a": [1]}, seeds=2)


def test_outputs_keep_their_names():
    with pytest.raises(ValueError, match=r"must return \['x'\] at each point, got \['y'\] at a='y'"):
        sweep(lambda a, rng: {a: 1.0}, {"a": ["x", "y"]}, seeds=1)
    with pytest.raises(ValueError, match="same outputs with each seed"):
        sweep(lambda a, rng: {str(rng.random()): 1.0}, {"a": [1]}, seeds=2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"function": 3}, "function must be callable, got 3"),
        ({"grid": {}}, "grid must be a mapping .* at least one name"),
        ({"grid": [1, 2]}, "grid must be a mapping"),
        ({"grid": {"rng": [1]}}, "other than rng, rngs, seed, got 'rng'"),
        ({"grid": {"rngs": [1]}}, "got 'rngs'"),
        ({"grid": {"seed": [1]}}, "got 'seed'"),
        ({"grid": {"not a name": [1]}}, "got 'not a name'"),
        ({"grid": {1: [1]}}, "got 1"),
        ({"grid": {"n": []}}, r"grid\['n'\] must not be empty"),
        ({"grid": {"n": 3}}, r"grid\['n'\] must be a 1-d sequence, got 3"),
        ({"grid": {"n": "abc"}}, r"grid\['n'\] must be a 1-d sequence"),
        ({"grid": {"n": np.ones((2, 2))}}, r"grid\['n'\] must be a 1-d sequence"),
        ({"grid": {"n": [[1], [2, 3]]}}, r"grid\['n'\] must be numbers, strings or booleans"),
        ({"grid": {"n": [1, "a"]}}, r"grid\['n'\] must be numbers, strings or booleans of one kind"),
        ({"grid": {"n": [None]}}, r"grid\['n'\] must be numbers, strings or booleans"),
        ({"grid": {"n": [1.0, np.nan]}}, r"grid\['n'\] must be finite"),
        ({"grid": {"n": iter([1])}}, r"grid\['n'\] must be a 1-d sequence"),
        ({"seeds": 0}, "seeds must be at least 1, got 0"),
        ({"seeds": -3}, "seeds must be at least 1"),
        ({"seeds": 2.5}, "seeds must be an integer"),
        ({"seeds": True}, "seeds must be an integer"),
        ({"seeds": []}, "seeds must not be empty"),
        ({"seeds": [1, 1]}, r"seeds must be distinct"),
        ({"seeds": [-1]}, "seeds must be at least 0"),
        ({"seeds": [[1], [2]]}, "seeds must be an integer"),
        ({"n_jobs": 0}, "n_jobs must be .* got 0"),
        ({"n_jobs": -2}, "n_jobs must be at least -1"),
        ({"n_jobs": 1.5}, "n_jobs must be an integer"),
    ],
)
def test_bad_input(change, message):
    arguments = {"function": plain_norm, "grid": GRID, "seeds": 2, "n_jobs": None} | change
    function, grid = arguments.pop("function"), arguments.pop("grid")
    with pytest.raises(ValueError, match=message):
        sweep(function, grid, **arguments)


def test_batched_marks_functions_only():
    with pytest.raises(ValueError, match="function must be callable"):
        batched(3)


def test_a_result_passes_through_a_claim_shaped_reader():
    result = sweep(plain_norm, {"n": [50], "scale": [1.0]}, seeds=200)
    # The norm of a Gaussian vector has mean sqrt(2) Gamma((n + 1) / 2) / Gamma(n / 2).
    from scipy.special import gammaln

    exact = np.sqrt(2) * np.exp(gammaln(25.5) - gammaln(25))
    assert result.n_seeds == 200
    assert abs(result.mean - exact) < 4 * result.standard_error
    assert abs(result.standard_error * np.sqrt(200) - np.sqrt(0.5)) < 0.15  # variance n - exact^2, about 1/2


def test_at_selects_one_value_of_a_parameter():
    result = sweep(lambda a, b, rng: {"u": a * b, "v": rng.random()}, {"a": [1, 2, 3], "b": [5, 7]}, seeds=3)
    chosen = result.at(b=7)
    assert list(chosen.parameters) == ["a"]
    np.testing.assert_array_equal(chosen["v"].values, result["v"].values[:, 1])
    np.testing.assert_array_equal(result.at(a=3, b=5)["u"].values, [15, 15, 15])
    with pytest.raises(ValueError, match="b must be one of"):
        result.at(b=6)
    with pytest.raises(ValueError, match="'c' must be one of the parameters"):
        result.at(c=6)
