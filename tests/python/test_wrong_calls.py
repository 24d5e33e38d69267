"""Wrong calls: each is an exception of this package with one line that says what was found. Under `python -X dev` and
the sanitizers none may crash."""

import os

import numpy as np
import pytest

import synapsnet
from synapsnet import SynapsNet, SynapsNetError, read, recording, simulate
from synapsnet.errors import (FileError, InputError, InputTypeError, NotFittedError, NumericError, OptionError,
                              OutOfMemoryError)

pytestmark = pytest.mark.filterwarnings("ignore")
x = np.random.default_rng(0).standard_normal((120, 3))
FAST = dict(hidden=2, epochs=1, embedding=2, connectivity="none", window=2)


def net(**options):
    return SynapsNet(**{**FAST, **options})


def with_inf():
    values = x.copy()
    values[7, 1] = np.inf
    return values


# (what is called with the fitted model and a recording, exception, part of the message)
CALLS = {
    # reading
    "no such file": (lambda m, r: read("nothing.h5"), FileError, "nothing.h5"),
    "no path": (lambda m, r: read(""), InputError, "path is empty"),
    "a number as path": (lambda m, r: read(7), InputTypeError, "found int; expected a text"),
    "a NUL in a path": (lambda m, r: read("a\0b"), InputError, "NUL"),
    "a folder of nothing": (lambda m, r: read("."), InputError, "neither a suite2p folder"),
    "unknown option of read": (lambda m, r: read("a.h5", rat=3), OptionError, "did you mean 'rate'"),
    "a word as rate": (lambda m, r: read("a.h5", rate="fast"), OptionError, "rate: found 'fast'"),
    "no such configuration file": (lambda m, r: read("a.h5", config="no.ini"), FileError, "no.ini: could not be opened"),
    "a table as configuration file": (lambda m, r: read("a.h5", config=x), InputTypeError, "found ndarray"),
    "a recording as configuration": (lambda m, r: SynapsNet.from_config("text.txt"), OptionError, "text.txt: line 1"),
    "unknown parameter beside a configuration file": (lambda m, r: SynapsNet.from_config(os.devnull, hiden=3),
                                                      OptionError, "did you mean 'hidden'"),
    "resume from nothing": (lambda m, r: net().fit(r, resume=True), OptionError, "resume: found no output"),
    "a number as output": (lambda m, r: net().fit(r, output=3), InputTypeError, "found int; expected a text"),
    "output into no folder": (lambda m, r: net().fit(r, output="no/model.h5"), FileError, "no/model.h5"),
    "an array as rate": (lambda m, r: read("a.h5", rate=x), OptionError, "rate: found ndarray"),
    "not a recording": (lambda m, r: read("text.txt"), InputError, "text.txt"),
    "behaviour array beside a path": (lambda m, r: recording("a.h5", behavior=x), InputTypeError, "beside a path"),
    # arrays
    "nothing": (lambda m, r: recording(None), InputTypeError, "found NoneType"),
    "one axis": (lambda m, r: recording(x[:, 0], rate_hz=1), InputError, "has shape (120,)"),
    "three axes": (lambda m, r: recording(x[None], rate_hz=1), InputError, "has shape (1, 120, 3)"),
    "a scalar": (lambda m, r: recording(3.0, rate_hz=1), InputError, "has shape ()"),
    "no frames": (lambda m, r: recording(x[:0], rate_hz=1), InputError, "n_samples = 0"),
    "no neurons": (lambda m, r: recording(x[:, :0], rate_hz=1), InputError, "0 feature(s)"),
    "complex": (lambda m, r: recording(x * 1j, rate_hz=1), InputError, "complex"),
    "words": (lambda m, r: recording([["a", "b"]] * 9, rate_hz=1), InputError, "expected numbers"),
    "objects": (lambda m, r: recording([[object()] * 3] * 9, rate_hz=1), InputTypeError, "holds objects"),
    "ragged": (lambda m, r: recording([[1, 2], [3]], rate_hz=1), InputError, "is not an array"),
    "dates": (lambda m, r: recording(x.astype("M8[s]"), rate_hz=1), InputError, "datetime64"),
    "infinity": (lambda m, r: recording(with_inf(), rate_hz=1), InputError, "frame 7, column 1 is inf"),
    "beyond float32": (lambda m, r: recording(x * 1e300, rate_hz=1), InputError, "expected finite"),
    "all missing": (lambda m, r: recording(x * np.nan, rate_hz=1), InputError, "all 120 x 3 entries"),
    "rate of zero": (lambda m, r: recording(x, rate_hz=0), OptionError, "rate_hz: found 0"),
    "rate of NaN": (lambda m, r: recording(x, rate_hz=np.nan), OptionError, "rate_hz: found nan"),
    "a word as rate_hz": (lambda m, r: recording(x, rate_hz="30"), InputTypeError, "rate_hz: found str"),
    "an unknown signal": (lambda m, r: recording(x, rate_hz=1, signal="smells"), InputError, "signal is 'smells'"),
    "a number as signal": (lambda m, r: recording(x, rate_hz=1, signal=3), InputTypeError, "signal: found int"),
    "negative counts": (lambda m, r: recording(x, rate_hz=1, signal="counts"), InputError, "expected counts >= 0"),
    "unknown keyword": (lambda m, r: recording(x, rate_hs=1), OptionError, "did you mean 'rate_hz'"),
    "few behaviours": (lambda m, r: recording(x, rate_hz=1, behavior=x[:9]), InputError, "behavior: has 9 rows"),
    "turned behaviours": (lambda m, r: recording(x, rate_hz=1, behavior=x.T), InputError, "give its transpose"),
    "no behaviours": (lambda m, r: recording(x, rate_hz=1, behavior={}), InputError, "behavior: the dict is empty"),
    "uneven behaviours": (lambda m, r: recording(x, rate_hz=1, behavior={"a": x[:, 0], "b": x[:5, 0]}), InputError,
                          "have [5, 120] values"),
    "words as behaviour": (lambda m, r: recording(x, rate_hz=1, behavior=["run"] * 120), InputError, "behavior: holds"),
    "segments of one column": (lambda m, r: recording(x, rate_hz=1, segments=[[1], [2]]), InputError, "(2, 1)"),
    "segments beyond": (lambda m, r: recording(x, rate_hz=1, segments=[[0, 900]]), InputError, "[0, 900)"),
    "overlapping segments": (lambda m, r: recording(x, rate_hz=1, segments=[[0, 60], [50, 90]]), InputError,
                             "not overlapping"),
    "half a frame": (lambda m, r: recording(x, rate_hz=1, segments=[[0, 60.5]]), InputError, "not whole"),
    "a segment without an end": (lambda m, r: recording(x, rate_hz=1, segments=[[0, np.inf]]), InputError, "not whole"),
    "one segment": (lambda m, r: recording(x, rate_hz=1, segments=(0, 60)), InputError,
                    "segments: has shape (2,); expected (segments, 2), start and stop frame"),
    "few timestamps": (lambda m, r: recording(x, timestamps=np.arange(9.0)), InputError, "timestamps: has 9"),
    "timestamps of two lengths": (lambda m, r: recording(x, timestamps=[[1], [1, 2]]), InputError, "timestamps: is not an"),
    "falling timestamps": (lambda m, r: recording(x, timestamps=-np.arange(120.0)), InputError, "rising times"),
    "timestamps of NaN": (lambda m, r: recording(x, timestamps=np.full(120, np.nan)), InputError, "not a number"),
    "few ids": (lambda m, r: recording(x, rate_hz=1, neuron_ids=["a"]), InputError, "neuron_ids: has 1"),
    "one id twice": (lambda m, r: recording(x, rate_hz=1, neuron_ids=["a", "b", "a"]), InputError, "'a' is there twice"),
    "half of a character in an id": (lambda m, r: recording(x, rate_hz=1, neuron_ids=["a", "b", "\ud800"]), InputError,
                                     "'\\ud800', which holds half of a character"),
    "half of a character in a name": (lambda m, r: recording(x, rate_hz=1, name="\udfff"), InputError, "half of a character"),
    "half of a character in a path": (lambda m, r: read("\ud800.npy"), InputError, "half of a character"),
    "half of a character in an option": (lambda m, r: read("x.npy", segments="\ud800"), InputError, "half of a character"),
    "a NUL in an id": (lambda m, r: recording(x, rate_hz=1, neuron_ids=["a", "b\0c", "d"]), InputError, "found a NUL character"),
    "a NUL in a name": (lambda m, r: recording(x, rate_hz=1, name="a\0b"), InputError, "found a NUL character"),
    "ids as a word": (lambda m, r: recording(x, rate_hz=1, neuron_ids="abc"), InputTypeError, "neuron_ids: found str"),
    "frames of a nanosecond": (lambda m, r: recording(x, rate_hz=1e9), InputError,
                               "the frame rate is 1e+09 Hz; expected more than 0, and at most 1000000"),
    "few regions": (lambda m, r: recording(x, rate_hz=1, regions=["V1"]), InputError, "regions: has 1"),
    "rate beside a recording": (lambda m, r: recording(r, rate_hz=5), InputError, "is one already"),
    "regions beside a recording": (lambda m, r: recording(r, regions=["a"] * 3), InputError, "is one already"),
    "a name beside a recording": (lambda m, r: recording(r, name="a"), InputError, "is one already"),
    "ids beside a path": (lambda m, r: recording("a.h5", neuron_ids=["a"]), InputError, "neuron_ids: does not go with a path"),
    "a name beside a path": (lambda m, r: recording("a.h5", name="b"), InputError, "name: does not go with a path"),
    "a start of frames": (lambda m, r: recording(x, rate_hz=1, start_s=3), InputError, "start_s: goes with spike times"),
    "a bin of frames": (lambda m, r: recording(x, rate_hz=1, bin=0.1), InputError, "bin: goes with spike times"),
    "segments beside a path": (lambda m, r: recording("x.npy", segments=[(0, 100)]), InputTypeError,
                               "segments: found list beside a path; expected FILE:NAME"),
    "orientation of a table": (lambda m, r: recording({"a": [1, 2]}, orientation="time-first"), InputError,
                               "orientation: goes with an array"),
    # spikes
    "a list of spike trains": (lambda m, r: recording([np.sort(x[:, k]) for k in range(3)]), InputError,
                               "expected a dict {neuron: spike times in s}"),
    "spike trains of other lengths": (lambda m, r: recording([x[:9, 0], x[:7, 1]]), InputError, "a list of 2 arrays"),
    "all of a MATLAB file": (lambda m, r: recording({"__header__": b"", "dff": x}), InputTypeError, "a MATLAB file holds"),
    "a rate of spikes": (lambda m, r: recording({"a": [1, 2]}, rate_hz=3), InputError, "rate_hz: does not go with spike"),
    "times of spikes": (lambda m, r: recording({"a": [1, 2]}, timestamps=x), InputError, "timestamps: does not go with"),
    "spikes as traces": (lambda m, r: recording({"a": [1, 2]}, signal="fluorescence"), InputError, "signal: found 'fluor"),
    "few regions of spikes": (lambda m, r: recording({"a": [1, 2]}, regions=["a", "b"]), InputError, "regions: has 2"),
    "spikes in milliseconds": (lambda m, r: recording({"a": np.arange(0, 900000, 400)}), InputError,
                               "not in milliseconds"),
    "no spike trains": (lambda m, r: recording({}), InputError, "the dict is empty"),
    "no spikes": (lambda m, r: recording({"a": []}), InputError, "holds no spikes"),
    "a spike at NaN": (lambda m, r: recording({"a": [1, np.nan]}), InputError, "has the time nan"),
    "spikes of two axes": (lambda m, r: recording({"a": x}), InputError, "spike times of neuron a"),
    "a bin of zero": (lambda m, r: recording({"a": [1, 2]}, bin=0), OptionError, "bin: found 0"),
    "a bin of words": (lambda m, r: recording({"a": [1, 2]}, bin="wide"), OptionError, "bin: found 'wide'"),
    "spikes in samples": (lambda m, r: recording({"a": [0, 1e12]}), InputError, "expected times in seconds"),
    "spikes before the start": (lambda m, r: recording({"a": [1, 2]}, start_s=1.5), InputError, "before the start"),
    # simulations
    "an unknown network": (lambda m, r: simulate("smells"), SynapsNetError, "smells"),
    "a number as network": (lambda m, r: simulate(4), InputTypeError, "kind is int"),
    # names of files
    "a forecast as .csv": (lambda m, r: m.forecast(steps=2).save("f.csv"), OptionError,
                           "output: found 'f.csv'; expected a name that ends in .h5"),
    "a model as .npz": (lambda m, r: m.save("m.npz"), OptionError, "found 'm.npz'; expected a name that ends in .h5"),
    "a fit into .csv": (lambda m, r: net().fit(r, output="m.csv"), OptionError, "found 'm.csv'; expected a name that ends"),
    "a recording as .csv": (lambda m, r: r.save("r.csv"), OptionError, "found 'r.csv'; expected a name that ends in .h5"),
    "one neuron": (lambda m, r: simulate("rates", neurons=1), OptionError, "neurons: found 1"),
    "unknown option of simulate": (lambda m, r: simulate("rates", neuron=4), OptionError, "did you mean 'neurons'"),
    "more than memory": (lambda m, r: simulate("rates", neurons=100000, frames=100000000), SynapsNetError, ""),
    # parameters
    "unknown parameter at once": (lambda m, r: net(hiden=3), OptionError, "did you mean 'hidden'"),
    "a list as one parameter": (lambda m, r: SynapsNet(hidden=[4, 8]).fit(r), OptionError, "hidden: found list"),
    "unknown parameter": (lambda m, r: m.set_params(hiden=3), OptionError, "did you mean 'hidden'"),
    "a parameter by its name in scikit-learn": (lambda m, r: SynapsNet(random_state=3), OptionError, "did you mean 'seed'"),
    "a parameter without a name": (lambda m, r: SynapsNet(8), InputTypeError, "found 8 without a name"),
    "a recording without a name": (lambda m, r: SynapsNet(x), InputTypeError, "a recording goes to fit"),
    "no connectivity as None": (lambda m, r: net(connectivity=None).fit(r), OptionError, "expected 'none'"),
    "no hidden units": (lambda m, r: net(hidden=0).fit(r), OptionError, "hidden: found 0"),
    "half a hidden unit": (lambda m, r: net(hidden=2.5).fit(r), OptionError, "hidden: found '2.5'"),
    "hidden units of NaN": (lambda m, r: net(hidden=np.nan).fit(r), OptionError, "hidden: found 'nan'"),
    "a list of hidden units": (lambda m, r: net(hidden=[[2]]).fit(r), OptionError, "hidden: found list"),
    "an unknown form": (lambda m, r: net(connectivity="full").fit(r), OptionError, "connectivity: found 'full'"),
    "an option that is ignored": (lambda m, r: net(rank=3).fit(r), OptionError, "rank: is not used"),
    "no test split": (lambda m, r: net(train=0.9, validation=0.1).fit(r), OptionError, "to leave a test split"),
    "Poisson of traces": (lambda m, r: net(loss="poisson").fit(r), OptionError, "poisson needs spike counts"),
    "a mask of one axis": (lambda m, r: net(connectivity="masked", mask=x[:, 0]).fit(r), InputError, "mask: has shape"),
    "a mask of other neurons": (lambda m, r: net(connectivity="masked", mask=np.ones((9, 9))).fit(r), InputError,
                                "mask: is (9, 9); expected (3, 3)"),
    "a mask of NaN": (lambda m, r: net(connectivity="masked", mask=np.full((3, 3), np.nan)).fit(r), InputError,
                      "mask: row 0, column 1 is not a number"),
    "no mask": (lambda m, r: net(connectivity="masked").fit(r), OptionError, "needs mask"),
    # fit
    "few frames": (lambda m, r: net().fit(x[:20], rate_hz=1), InputError, "frames are too few"),
    "nothing varies": (lambda m, r: net().fit(np.ones((200, 3)), rate_hz=1, signal="fluorescence"), InputError,
                       "none of the 3 neurons varies"),
    "no recordings": (lambda m, r: net().fit([], rate_hz=1), InputError, "has shape (0,)"),
    "behaviour beside a list": (lambda m, r: net().fit([r, r], behavior=x), InputError, "belong to one recording"),
    "a parameter in fit": (lambda m, r: net().fit(x, rate_hz=1, epochs=3), OptionError, "SynapsNet(epochs=...)"),
    "a class": (lambda m, r: net().fit(SynapsNet), InputTypeError, "holds objects"),
    # a model that is not fitted
    "predict before fit": (lambda m, r: net().predict(r), NotFittedError, "not fitted yet"),
    "score before fit": (lambda m, r: net().score(), NotFittedError, "not fitted yet"),
    "connectivity before fit": (lambda m, r: net().connectivity_, NotFittedError, "not fitted yet"),
    "save before fit": (lambda m, r: net().save("m.h5"), NotFittedError, "not fitted yet"),
    # a fitted model
    "too few frames": (lambda m, r: m.predict(x[:5]), InputError, "4 of its 5 frames can be predicted; expected at least 5"),
    "other neurons": (lambda m, r: m.predict(x[:, :2]), InputError, "has 2 features"),
    "other behaviour": (lambda m, r: m.predict(x, behavior=x), InputError, "has 3 behaviour variables; the model was fitted with 0"),
    "another rate": (lambda m, r: m.predict(x, rate_hz=99), InputError, "99 frames per second"),
    "another signal": (lambda m, r: m.predict(np.abs(np.round(x)), signal="counts"), InputError, "holds counts"),
    "an unknown split": (lambda m, r: m.evaluate(r, split="train"), OptionError, "split: found 'train'"),
    "an unknown metric": (lambda m, r: m.score(metric="accuracy"), OptionError, "metric: found 'accuracy'"),
    "an attribute as metric": (lambda m, r: m.score(metric="connectivity_"), OptionError, "metric: found 'connectivity_'"),
    "a list as metric": (lambda m, r: m.score(metric=["r2"]), OptionError, "metric: found ['r2']"),
    "regions beside the recording": (lambda m, r: m.predict(r, regions=["a"] * 3), InputError, "is one already"),
    "a start of an array": (lambda m, r: net().fit(x, rate_hz=1, start_s=2), InputError, "start_s: goes with spike times"),
    "compare by keywords alone": (lambda m, r: m.compare(rate_hz=3), InputError, "found rate_hz without a recording"),
    "splits by keywords alone": (lambda m, r: m.save_splits("s.h5", bogus=3), InputError, "found bogus without"),
    "keywords without X": (lambda m, r: m.predict(rate_hz=3), InputError, "without a recording"),
    "no steps": (lambda m, r: m.forecast(steps=0), OptionError, "steps: found 0"),
    "too many steps": (lambda m, r: m.forecast(steps=99999), OptionError, "longest stretch"),
    "steps of words": (lambda m, r: m.forecast(steps="many"), OptionError, "steps: found 'many'"),
    "a start beyond": (lambda m, r: m.forecast(start=99999), OptionError, "start: found frame 99999"),
    "another session": (lambda m, r: m.forecast(session=3), OptionError, "session: found 3"),
    "a negative session": (lambda m, r: m.predict(session=-1), OptionError, "session: found -1"),
    "session of a word": (lambda m, r: m.predict(session="a"), OptionError, "session: found 'a'"),
    "negative lags": (lambda m, r: m.effective_connectivity(lags=-1), OptionError, "lags: found -1"),
    "half a lag": (lambda m, r: m.effective_connectivity(lags=0.5), OptionError, "lags: found 0.5"),
    "an unknown scale": (lambda m, r: m.effective_connectivity(scale="big"), OptionError, "scale: found 'big'"),
    "a lag that was not asked for": (lambda m, r: m.effective_connectivity().at(2), OptionError, "lag: found 2"),
    "a rate of false edges above 1": (lambda m, r: m.edges(fdr=2), OptionError, "fdr: found 2"),
    "a rate of false edges of words": (lambda m, r: m.edges(fdr="low"), OptionError, "fdr: found 'low'"),
    "an unknown method": (lambda m, r: m.edges(method="bonferroni"), OptionError, "found 'bonferroni'"),
    "edges at no scale": (lambda m, r: m.edges(scale="big"), OptionError, "scale: found 'big'"),
    "edges of no session": (lambda m, r: m.edges(session=2), OptionError, "session: found 2"),
    "edges before fit": (lambda m, r: net().edges(), NotFittedError, "not fitted yet"),
    "half an edge": (lambda m, r: m.edges().to_pandas(top=1.5), OptionError, "top: found 1.5"),
    "truth of other neurons": (lambda m, r: m.score_connectivity(np.ones((9, 9))), InputError, "has shape (9, 9)"),
    "truth of words": (lambda m, r: m.score_connectivity("truth"), FileError, "truth"),
    "truth of a recording": (lambda m, r: m.score_connectivity(r), InputError, "has no true weights"),
    "adapt before fit": (lambda m, r: net().adapt(r), NotFittedError, "not fitted yet"),
    "adapt to nothing": (lambda m, r: m.adapt(None), InputTypeError, "found NoneType"),
    "adapt to few frames": (lambda m, r: m.adapt(x[:20], rate_hz=10), InputError, "frames are too few"),
    "adapt by an unknown keyword": (lambda m, r: m.adapt(x, rate_hs=10), OptionError, "did you mean 'rate_hz'"),
    "contents of nothing": (lambda m, r: synapsnet.contents("nothing.h5"), FileError, "nothing.h5"),
    "splits of nothing": (lambda m, r: net().save_splits("s.h5"), InputError, "found no recording"),
    "splits to no folder": (lambda m, r: net().save_splits("no/s.h5", r), FileError, "no/s.h5"),
    "a comparison of nothing": (lambda m, r: m.report("r.html", comparison="nothing.json"), SynapsNetError,
                                "nothing.json"),
    "many recordings": (lambda m, r: m.evaluate([r, r]), InputError, "found 2 recordings"),
    "an unknown order": (lambda m, r: m.plot_connectivity(order="alphabet"), OptionError, "order: found 'alphabet'"),
    "an unknown neuron": (lambda m, r: m.plot_forecast("x"), InputError, "neurons: found 'x'"),
    "no time to plot": (lambda m, r: m.plot_forecast(seconds=0), OptionError, "at least two frames"),
    "NaN time to plot": (lambda m, r: m.plot_forecast(seconds=np.nan), OptionError, "at least two frames"),
    "words as time to plot": (lambda m, r: m.plot_forecast(seconds="3"), OptionError, "seconds: found '3'"),
    "no neurons to plot": (lambda m, r: m.plot_forecast([]), OptionError, "neurons: found none"),
    "an unknown neuron to stimulate": (lambda m, r: m.perturb("x"), SynapsNetError, "'x'"),
    "a neuron beyond": (lambda m, r: m.perturb(3), OptionError, "neuron: found place 3; expected 0 to 2"),
    "half a neuron": (lambda m, r: m.perturb(0.5), OptionError, "neuron: found 0.5"),
    "a pulse of NaN": (lambda m, r: m.perturb(0, amplitude=np.nan), OptionError, "amplitude: found 'nan'"),
    "a report to no folder": (lambda m, r: m.report("no/folder/r.html"), FileError, "no/folder/r.html"),
    "an unknown rival": (lambda m, r: m.compare(r, rivals=["smells"]), OptionError, "smells"),
    "nothing to compare on": (lambda m, r: net().compare(), InputError, "found no recording"),
    # files
    "save to no folder": (lambda m, r: m.save("no/folder/m.h5"), FileError, "no/folder/m.h5"),
    "save to a number": (lambda m, r: m.save(4), InputTypeError, "found int"),
    "save to no name": (lambda m, r: m.save(""), InputError, "the path is empty"),
    "save as no format": (lambda m, r: m.save_connectivity("c.xls"), SynapsNetError, "c.xls"),
    "load nothing": (lambda m, r: synapsnet.load("nothing.h5"), FileError, "nothing.h5"),
    "load no model": (lambda m, r: synapsnet.load("text.txt"), SynapsNetError, "text.txt"),
    "load a recording": (lambda m, r: (r.save("r.h5"), synapsnet.load("r.h5")), InputError, "r.h5"),
}


@pytest.fixture(scope="module")
def fitted():
    recorded = recording(x, rate_hz=10)
    return net().fit(recorded), recorded


@pytest.mark.parametrize("name", CALLS)
def test_wrong_call(name, fitted):
    with open("text.txt", "w") as file:
        file.write("no recording\n")
    call, exception, part = CALLS[name]
    with pytest.raises(SynapsNetError) as caught:
        call(*fitted)
    message = str(caught.value)
    assert isinstance(caught.value, exception), repr(caught.value)
    assert part in message
    assert message and "\n" not in message and len(message) < 500
    assert "--" not in message


def test_there_are_enough():
    assert len(CALLS) >= 40


def test_exceptions_are_those_of_python_too():
    for ours, theirs in ((OptionError, ValueError), (InputError, ValueError), (InputTypeError, TypeError),
                         (FileError, OSError), (OutOfMemoryError, MemoryError), (NumericError, ArithmeticError),
                         (NotFittedError, AttributeError)):
        assert issubclass(ours, theirs) and issubclass(ours, SynapsNetError)
