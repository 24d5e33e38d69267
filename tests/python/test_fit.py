"""Fits from Python: the same bits as the program, recordings that stay, interruption, memory."""

import copy
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import h5py
import numpy as np
import pytest

import synapsnet
from conftest import SMALL
from synapsnet.errors import RecordingWarning, StoppedEarlyWarning

pytestmark = pytest.mark.filterwarnings("ignore::synapsnet.errors.RecordingWarning")


def test_the_model_file_is_that_of_the_program(rec, program):
    rec.save("sim.h5")
    words = ["--hidden", "4", "--embedding", "2", "--epochs", "3", "--seed", "7", "--connectivity", "dense"]
    subprocess.run([program, "fit", "sim.h5", "-o", "program.h5", "--quiet", *words], check=True)
    synapsnet.SynapsNet(connectivity="dense", seed=7, **SMALL).fit("sim.h5").save("python.h5")
    with open("program.h5", "rb") as a, open("python.h5", "rb") as b:
        assert a.read() == b.read()


def test_reading_options_are_kept_as_by_the_program(X, program):
    np.savez("s.npz", dff=X.T, speed=np.arange(400.0))
    words = ["--rate", "10", "--orientation", "neurons-first", "--behavior", "s.npz:speed", "--hidden", "4",
             "--embedding", "2", "--epochs", "3", "--connectivity", "none"]
    subprocess.run([program, "fit", "s.npz:dff", "-o", "program.h5", "--quiet", *words], check=True)
    rec = synapsnet.read("s.npz:dff", rate=10, orientation="neurons-first", behavior=["s.npz:speed"])
    synapsnet.SynapsNet(connectivity="none", **SMALL).fit(rec).save("python.h5")
    with open("program.h5", "rb") as a, open("python.h5", "rb") as b:
        assert a.read() == b.read()
    assert synapsnet.load("python.h5").forecast(steps=2).prediction.shape[1] == 5


def test_a_configuration_file_is_that_of_the_program(X, program):
    np.savez("s.npz", dff=X.T, speed=np.arange(400.0), pupil=np.arange(400.0) ** 2)
    with open("fit.ini", "w") as file:
        file.write("# all of it in one file\nrate = 10\norientation = neurons-first\nbehavior = s.npz:speed\n"
                   "behavior = s.npz:pupil\nhidden = 4\nembedding = 2\nepochs = 3\nlearning-rate = 0.02\n"
                   "connectivity = none\nseed = 5\nsteps = 7\n")
    words = ["--config", "fit.ini", "--seed", "6"]
    subprocess.run([program, "fit", "s.npz:dff", *words, "-o", "program.h5", "--quiet"], check=True)
    rec = synapsnet.read("s.npz:dff", config="fit.ini")
    assert rec.shape == X.shape and rec.rate_hz == 10 and rec.n_behaviors == 2
    assert synapsnet.read("s.npz:dff", config="fit.ini", rate=20).rate_hz == 20
    model = synapsnet.SynapsNet.from_config("fit.ini", seed=6)
    assert repr(model) == ("SynapsNet(connectivity='none', embedding=2, epochs=3, hidden=4, learning_rate=0.02, seed=6)")
    model.fit(rec).save("python.h5")
    ours, theirs = synapsnet.load("python.h5"), synapsnet.load("program.h5")
    np.testing.assert_array_equal(ours.embedding_, theirs.embedding_)
    assert ours.get_params() == theirs.get_params()


def test_a_recording_from_memory_gives_the_bits_of_its_file(rec):
    rec.save("sim.h5")
    from_file = synapsnet.SynapsNet(connectivity="dense", **SMALL).fit("sim.h5")
    from_memory = synapsnet.SynapsNet(connectivity="dense", **SMALL).fit(rec)
    np.testing.assert_array_equal(from_file.weights_, from_memory.weights_)
    np.testing.assert_array_equal(from_file.connectivity_, from_memory.connectivity_)


def test_a_recording_is_not_used_up(rec):
    before = rec.activity.copy()
    first = synapsnet.SynapsNet(connectivity="dense", **SMALL).fit(rec)
    second = synapsnet.SynapsNet(connectivity="dense", **SMALL).fit(rec)
    np.testing.assert_array_equal(rec.activity, before)
    np.testing.assert_array_equal(first.weights_, second.weights_)
    np.testing.assert_array_equal(first.predict(rec), second.predict(rec))


def test_the_users_array_is_not_changed(X):
    X.flags.writeable = False
    before = X.copy()
    synapsnet.SynapsNet(connectivity="none", **SMALL).fit(X, rate_hz=10).predict(X)
    np.testing.assert_array_equal(X, before)


def test_several_recordings_share_a_decoder(rec, X):
    other = synapsnet.recording(X, rate_hz=30)
    model = synapsnet.SynapsNet(connectivity="dense", **SMALL).fit([rec, other])
    assert model.n_sessions_ == 2
    assert [c.shape for c in model.connectivity_] == [(8, 8), (5, 5)]
    assert [e.shape for e in model.embedding_] == [(8, 2), (5, 2)]
    assert model.predict(other, session=1).shape == X.shape
    with pytest.raises(synapsnet.errors.InputError, match="; for recording 1 of the fit give session=1"):
        model.predict(other)
    assert model.forecast(steps=3, session=1).rollout.shape[1:] == (3, 5)
    assert model.evaluate([rec, other])["test"] == pytest.approx(model.evaluate()["test"])


def test_adapting_is_that_of_the_program(rec, program):
    rec.save("a.h5")
    synapsnet.simulate("rates", neurons=6, frames=500, seed=2).save("b.h5")
    words = ["--connectivity", "dense", "--epochs", "3"]
    subprocess.run([program, "fit", "a.h5", "--hidden", "4", "--embedding", "2", *words, "-o", "m.h5", "--quiet"],
                   check=True)
    subprocess.run([program, "adapt", "m.h5", "b.h5", *words, "-o", "program.h5", "--quiet"], check=True)
    source = synapsnet.load("m.h5")
    before = source.weights_.copy()
    adapted = source.adapt("b.h5")
    adapted.save("python.h5")
    with open("program.h5", "rb") as a, open("python.h5", "rb") as b:
        assert a.read() == b.read()
    np.testing.assert_array_equal(source.weights_, before)
    assert adapted is not source and adapted.get_params() == source.get_params()
    assert adapted.n_features_in_ == 6 and adapted.predict("b.h5").shape == (500, 6)
    assert adapted.description_["adapted"]["decoder"] in ("kept", "tuned")


def test_an_adaptation_takes_the_frequency_of_resampled_frames():
    def resampled(frames, seed):
        at = np.arange(frames) / 10 * 9.4
        recorded = np.random.default_rng(seed).standard_normal((int(at[-1]) + 2, 12))
        for k in range(1, len(recorded)):
            recorded[k] += 0.6 * recorded[k - 1]
        share = (at - at.astype(int))[:, None]
        return (1 - share) * recorded[at.astype(int)] + share * recorded[at.astype(int) + 1]

    def frequency(model):
        model.save("model.h5")
        with h5py.File("model.h5") as file:
            return file["session_0"].attrs["beat_frequency"]

    def fitted(activity):
        return synapsnet.SynapsNet(connectivity="none", **SMALL).fit(activity, rate_hz=10)

    source, short = fitted(resampled(3000, 1)), resampled(600, 2)
    known = frequency(source)
    assert known == pytest.approx(0.06, abs=1e-5)
    assert frequency(fitted(short)) != known
    assert frequency(source.adapt(short, rate_hz=10)) == known


def test_adapting_to_an_array(model, X):
    adapted = model.adapt(X, rate_hz=30, neuron_ids=list("abcde"))
    assert adapted.neuron_ids_ == list("abcde") and adapted.predict(X).shape == X.shape
    with pytest.warns(RecordingWarning, match="its decoder knows frames, not seconds"):
        model.adapt(X, rate_hz=10)


def test_behaviour_trials_and_missing_frames(X):
    X[50:60, 1] = np.nan
    trials = [[k, k + 40] for k in range(0, 400, 40)]
    model = synapsnet.SynapsNet(connectivity="dense", **SMALL)
    model.fit(X, behavior=np.sin(np.arange(400)), segments=trials, rate_hz=10)
    predicted = model.predict(X, behavior=np.sin(np.arange(400)), segments=trials)
    unknown = np.isnan(predicted).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(unknown), [first for first, _ in trials])


def test_a_mask_as_an_array(X):
    mask = np.roll(np.eye(5), 1, axis=1)
    model = synapsnet.SynapsNet(connectivity="masked", mask=mask, **SMALL).fit(X, rate_hz=10)
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_array_equal(model.weights_[off & (mask == 0)], 0)
    assert np.abs(model.weights_[mask != 0]).min() > 0


def test_scores(rec, model):
    about = model.evaluate()
    assert model.score() == about["test"]["r2"] and model.score(metric="skill") == about["test"]["skill"]
    assert model.evaluate(rec)["test"] == pytest.approx(about["test"], rel=1e-6)
    everything = model.evaluate(rec, split="all")["test"]
    assert everything["mse"] != pytest.approx(about["test"]["mse"], rel=1e-3)
    assert model.score(rec, split="all") == pytest.approx(everything["r2"])


def same_frames(of, rec, about):
    """Whether a model takes rec for its recording: scores, forecasts and stimulates in the test frames alone."""
    report = of.report("r.json", rec, steps=2)
    return (of.score(rec) == pytest.approx(about["test"]["r2"]) and len(of.forecast(rec).frame) < 200
            and of.perturb(0, rec, steps=2).summary["states"] == of.perturb(0, rec, steps=2, split="test").summary["states"]
            and report["test"]["r2"] == pytest.approx(about["test"]["r2"]))


def test_a_recording_of_the_fit_is_known_wherever_it_comes_from(rec, model):
    about = model.evaluate()
    model.save("model.h5")
    rec.save("other name.h5")
    for of in (model, synapsnet.load("model.h5"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        for same in (rec, rec.activity, rec.activity.astype(np.float64), pickle.loads(pickle.dumps(rec)), "other name.h5"):
            assert same_frames(of, same, about)
    another = rec.activity.copy()
    another[5, 3] += 1e-3
    assert len(model.forecast(another).frame) == 599


def test_an_array_is_known_that_holds_nan(X):
    X[7, 2] = np.nan
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(X)
    assert model.score(X) == pytest.approx(model.score()) != model.score(X, split="all")
    filled = np.nan_to_num(X)
    assert model.score(filled) == model.score(filled, split="all")


def test_one_recording_of_the_fit_among_others_is_scored_in_its_test_frames(rec, X):
    other = synapsnet.recording(X, rate_hz=30)
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit([rec, other])
    new = synapsnet.recording(X ** 3, rate_hz=30)
    assert model.evaluate([rec, new]) == model.evaluate([rec, new], split="test")
    assert model.evaluate([rec, new]) != model.evaluate([rec, new], split="all")


def score_in_a_process(model, recording):
    return model.score(recording)


def test_a_model_scores_in_a_process_pool_what_it_scores_here(rec, model):
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(score_in_a_process, (model, rec)) == pytest.approx(model.score(rec))


def test_a_namesake_in_another_folder_is_not_the_recording_of_the_fit(rec):
    os.mkdir("m1"), os.mkdir("m2")
    rec.save("m1/rec.h5")
    synapsnet.simulate("rates", neurons=8, frames=600, seed=9).save("m2/rec.h5")
    os.chdir("m1")
    fitted = synapsnet.SynapsNet(connectivity="none", **SMALL).fit("rec.h5")
    fitted.save("model.h5")
    os.chdir("../m2")
    model = synapsnet.load("../m1/model.h5")
    assert len(model.forecast("rec.h5").frame) == 599  # another, of which all frames are new
    np.testing.assert_array_equal(model.predict(), fitted.predict())
    os.replace("rec.h5", "../m1/rec.h5")
    with pytest.raises(synapsnet.errors.InputError, match="is not the recording that the model was fitted on"):
        model.predict()


def test_edges_of_a_model_without_halves(rec, model):
    import h5py

    model.save("old.h5")
    with h5py.File("old.h5", "a") as file:
        del file["session_0/edges/first_half"], file["session_0/edges/second_half"]
        del file["session_0"].attrs["fingerprint"]
    old = synapsnet.load("old.h5")
    assert old.edges().first_half is None and old.edges().second_half is None
    np.testing.assert_array_equal(old.edges().estimate, model.edges().estimate)
    assert len(old.forecast(rec).frame) == 599  # it does not know what its recording held


def test_keywords_of_a_recording_reach_it(X):
    fit = dict(rate=10, regions=list("aabbb"), cell_types=list("eeeii"), name="rat 7", orientation="neurons-first")
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(X.T, **fit)
    assert model.effective_connectivity().regions == list("aabbb")
    assert model.description_["recordings"][0]["name"] == "rat 7"
    assert model.predict(X.T, orientation="neurons-first").shape == X.shape
    trains = {k: np.sort(np.random.default_rng(k).uniform(3, 40, 300)) for k in range(3)}
    spikes = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(trains, start_s=1.0)
    assert spikes.predict(trains, start_s=1.0).shape == (780, 3)


def test_an_array_of_frames_that_are_too_few_may_be_turned(X):
    with pytest.raises(synapsnet.errors.InputError, match="too few.*orientation='neurons-first'"):
        synapsnet.SynapsNet().fit(X.T, rate_hz=10)


def test_a_mask_that_was_an_array_is_loaded_as_one(X):
    mask = np.roll(np.eye(5), 1, axis=1)
    model = synapsnet.SynapsNet(connectivity="masked", mask=mask, **SMALL).fit(X, rate_hz=10)
    model.save("m.h5")
    loaded = synapsnet.load("m.h5")
    np.testing.assert_array_equal(loaded.mask, mask)
    np.testing.assert_array_equal(loaded.fit(X, rate_hz=10).weights_, model.weights_)


def test_equal_fits_with_a_mask_give_equal_files(X):
    mask = np.roll(np.eye(5), 1, axis=1)
    for path in ("a.h5", "b.h5"):
        synapsnet.SynapsNet(connectivity="masked", mask=mask, **SMALL).fit(X, rate_hz=10).save(path)
    assert content("a.h5") == content("b.h5")
    assert tempfile.gettempdir().encode() not in content("a.h5")


def test_the_mask_of_several_recordings_is_loaded(X):
    mask, dead = np.triu(np.ones((5, 5)), 1), X.copy()
    dead[:, 1] = 0
    with pytest.warns(synapsnet.errors.RecordingWarning):
        model = synapsnet.SynapsNet(connectivity="masked", mask=mask, **SMALL).fit([dead, X], rate_hz=10)
    model.save("m.h5")
    np.testing.assert_array_equal(synapsnet.load("m.h5").mask, mask)
    with pytest.warns(synapsnet.errors.RecordingWarning):
        synapsnet.SynapsNet(connectivity="masked", mask=mask, **SMALL).fit(dead, rate_hz=10).save("m.h5")
    mask[1], mask[:, 1] = 0, 0
    np.testing.assert_array_equal(synapsnet.load("m.h5").mask, mask)


def test_a_loaded_model_predicts_every_frame(X):
    np.savez("s.npz", dff=X, trials=[[0, 150], [150, 300]])
    synapsnet.SynapsNet(connectivity="none", **SMALL).fit("s.npz:dff", rate_hz=np.float32(10),
                                                          segments="s.npz:trials").save("m.h5")
    assert synapsnet.load("m.h5").predict().shape == X.shape


def test_a_warning_of_a_recording_is_shown_once(X):
    times = np.arange(400) * 0.1
    times[200:] += 30
    np.savez("s.npz", dff=X, t=times)
    for data, keywords in ((X, {"timestamps": times}), ("s.npz:dff", {"timestamps": "s.npz:t"})):
        with warnings.catch_warnings(record=True) as shown:
            warnings.simplefilter("always")
            synapsnet.SynapsNet(connectivity="none", **SMALL).fit(data, **keywords)
        about = [one for one in shown if "gaps" in str(one.message)]
        assert len(about) == 1 and about[0].filename == __file__


def test_numbers_that_are_ids_are_not_places(X):
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(X, rate_hz=10, neuron_ids=[3, 0, 40, 12, 7])
    with pytest.raises(synapsnet.errors.OptionError, match="expected '3' for the neuron of that id, or 'index:3'"):
        model.perturb(3, steps=2)
    assert model.perturb("3", steps=2).neuron == "3" and model.perturb("index:3", steps=2).neuron == "12"
    with pytest.raises(synapsnet.errors.OptionError, match="'index:3' for that place"):
        model.plot_forecast(neurons=[3])
    assert model.plot_forecast(neurons=["index:3"]).get_yticklabels()[0].get_text() == "12"


def test_predictions_are_those_of_the_forecast(rec, model):
    predicted, forecast = model.predict(rec), model.forecast(rec, steps=4)
    assert predicted.shape == rec.shape and np.isnan(predicted[0]).all() and np.isfinite(predicted[1:]).all()
    assert forecast.rollout.shape == (len(forecast.start), 4, 8)
    assert len(forecast.mse) == 4 and np.isfinite(forecast.mse).all()
    np.testing.assert_allclose(forecast.truth, rec.activity[forecast.frame], atol=1e-6)  # z-scored and back
    # the state at the first test frame differs by what came before the gap, which fades
    np.testing.assert_allclose(predicted[forecast.frame[40:]], forecast.prediction[40:], atol=2e-3)


def test_a_silent_neuron_is_left_out(X):
    X[:, 2] = 1
    with pytest.warns(RecordingWarning, match="left out: 2"):
        model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(X, rate_hz=10)
    assert list(model.kept_) == [0, 1, 3, 4] and model.neuron_ids_ == ["0", "1", "3", "4"]
    assert model.predict(X).shape == (400, 4)
    assert model.n_features_in_ == 5


def test_saved_loaded_pickled_and_copied(rec, model):
    model.save("model.h5")
    for other in (synapsnet.load("model.h5"), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.connectivity_, model.connectivity_)
        np.testing.assert_array_equal(other.embedding_, model.embedding_)
        np.testing.assert_array_equal(other.predict(rec), model.predict(rec))
        assert other.evaluate()["test"] == model.evaluate()["test"]
        assert {**other.get_params(), "progress": None} == {**model.get_params(), "progress": None}
    unfitted = pickle.loads(pickle.dumps(synapsnet.SynapsNet(hidden=3)))
    assert unfitted.hidden == 3


def test_a_model_of_a_file_finds_it_again(rec):
    rec.save("sim.h5")
    synapsnet.SynapsNet(connectivity="dense", **SMALL).fit("sim.h5").save("model.h5")
    model = synapsnet.load("model.h5")
    assert model.predict().shape == rec.shape
    assert model.forecast(steps=2).rollout.shape[1:] == (2, 8)
    assert model.evaluate("sim.h5")["test"] == pytest.approx(model.evaluate()["test"], rel=1e-6)


def test_a_failed_fit_leaves_the_model_that_was(rec):
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(rec)
    before = model.predict(rec)
    with pytest.raises(synapsnet.SynapsNetError):
        model.fit(np.zeros((400, 3)), rate_hz=1)
    np.testing.assert_array_equal(model.predict(rec), before)


# ---- interruption and progress ----

LONG = dict(hidden=16, epochs=100000, patience=100000, connectivity="dense")


def interrupt_after(seconds, times=1):
    """Ctrl-C, once somebody listens: before, it would end the test."""
    def run():
        while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            time.sleep(0.001)
        for _ in range(times):
            time.sleep(seconds)
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def interrupt_when(path):
    """Ctrl-C as soon as a checkpoint is replaced by the next: the first one is written before the first epoch."""
    def run():
        seen = set()
        while len(seen) < 2:
            time.sleep(0.001)
            with contextlib.suppress(FileNotFoundError):
                seen.add(os.stat(path).st_mtime_ns)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_ctrl_c_leaves_the_best_so_far(rec):
    thread = interrupt_after(2)
    model = synapsnet.SynapsNet(**LONG)
    with pytest.warns(StoppedEarlyWarning, match="stopped on request"):
        model.fit(rec)
    thread.join()
    assert np.isfinite(model.predict(rec)[1:]).all() and np.isfinite(model.score())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_masked_fit_that_has_no_connectivity_yet_is_loaded(rec):
    n = rec.activity.shape[1]
    thread = interrupt_after(2)
    model = synapsnet.SynapsNet(**{**LONG, "connectivity": "masked", "mask": np.ones((n, n))})
    with pytest.warns(StoppedEarlyWarning, match="stopped on request"):
        model.fit(rec)
    thread.join()
    assert model.description_["connectivity"]["form"] == "none"
    model.save("m.h5")
    assert synapsnet.load("m.h5").mask is None


def whole(rec):
    return synapsnet.SynapsNet(hidden=4, epochs=200, patience=200, connectivity="dense", seed=3).fit(rec, output="whole.h5")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def test_an_interrupted_fit_is_resumed(rec):
    """Ctrl-C leaves a model that is not whole and a checkpoint, from which the same call goes on to the whole one."""
    whole(rec)
    assert not os.path.exists("whole.h5.ckpt")
    model = synapsnet.SynapsNet(hidden=4, epochs=200, patience=200, connectivity="dense", seed=3)
    thread = interrupt_when("model.h5.ckpt")
    with pytest.warns(StoppedEarlyWarning):
        model.fit(rec, output="model.h5")
    thread.join()
    assert content("model.h5") != content("whole.h5") and os.path.exists("model.h5.ckpt")
    with pytest.raises(synapsnet.errors.InputError, match="model.h5.ckpt: is the checkpoint of an interrupted fit; go on "
                                                          "from it with resume, or delete it"):
        model.fit(rec, output="model.h5")
    model.fit(rec, output="model.h5", resume=True)
    assert content("model.h5") == content("whole.h5") and not os.path.exists("model.h5.ckpt")
    model.save("saved.h5")
    assert content("saved.h5") == content("whole.h5")


def test_an_interrupted_adaptation_is_resumed(model, X):
    source = synapsnet.SynapsNet(connectivity="dense", **SMALL).fit(X, rate_hz=10)
    source.set_params(epochs=300, patience=300)
    source.adapt(X, rate_hz=10, output="whole.h5")
    thread = interrupt_when("model.h5.ckpt")
    with pytest.warns(StoppedEarlyWarning):
        source.adapt(X, rate_hz=10, output="model.h5")
    thread.join()
    source.adapt(X, rate_hz=10, output="model.h5", resume=True)
    assert content("model.h5") == content("whole.h5")


def test_a_model_that_is_saved_again_leaves_the_checkpoint_of_another_fit(rec):
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(rec, output="model.h5")
    with open("model.h5.ckpt", "w"):
        pass
    model.save("copy.h5")
    assert os.path.exists("model.h5.ckpt")


def test_resume_without_a_checkpoint_just_starts(rec):
    whole(rec)
    synapsnet.SynapsNet(hidden=4, epochs=200, patience=200, connectivity="dense", seed=3).fit(rec, output="model.h5",
                                                                                            resume=True)
    assert content("model.h5") == content("whole.h5")


@pytest.fixture(scope="module")
def wide():
    """A model of so many neurons that what follows takes long."""
    x = np.random.default_rng(0).standard_normal((3000, 300)).astype(np.float32)
    return synapsnet.SynapsNet(connectivity="none", hidden=8, epochs=1).fit(x, rate_hz=10)


@pytest.mark.parametrize("long", [
    lambda model: model.perturb("all", steps=100, states=300),
    lambda model: model.report("report.html", np.ones((40000, 300)), rate_hz=10),
    lambda model: model.forecast(np.ones((40000, 300)), rate_hz=10),
    lambda model: model.evaluate(np.ones((40000, 300)), rate_hz=10),
    lambda model: synapsnet.simulate("rates", neurons=100, frames=5000000),
    lambda model: synapsnet.simulate("spikes", neurons=100, frames=5000000),
], ids=["perturb", "report", "forecast", "evaluate", "rates", "spikes"])
def test_ctrl_c_ends_a_long_call(wide, long):
    thread = interrupt_after(0.5)
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        long(wide)
    assert time.monotonic() - start < 10
    thread.join()
    assert os.listdir() == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_ends_an_adaptation(model, X):
    source = synapsnet.SynapsNet(connectivity="dense", hidden=4, embedding=2, epochs=3).fit(X, rate_hz=10)
    source.set_params(epochs=100000, patience=100000)
    thread = interrupt_after(2)
    with pytest.warns(StoppedEarlyWarning, match="stopped on request"):
        adapted = source.adapt(np.tile(X, (4, 1)), rate_hz=10)
    thread.join()
    assert np.isfinite(adapted.score())


def test_ctrl_c_twice_is_a_keyboard_interrupt():
    big = synapsnet.simulate("rates", neurons=200, frames=20000)  # an epoch takes longer than both
    thread = interrupt_after(0.05, 2)
    model = synapsnet.SynapsNet(hidden=64, epochs=1000, threads=1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(big)
        time.sleep(5)
    thread.join()
    with pytest.raises(synapsnet.errors.NotFittedError):
        model.predict(big)


def run_with(code, **environment):
    """What a process of its own prints, whose signals are nobody else's."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", "import os, signal, threading, synapsnet\n" + code],
                          capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


BIG = "rec = synapsnet.simulate('rates', neurons=20, frames=4000)\n"


def test_what_another_handler_raises_ends_the_fit():
    assert run_with(BIG + """
class Late(Exception): pass
def late(*_): raise Late
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 1)
try:
    synapsnet.SynapsNet(epochs=100000, patience=100000, connectivity='dense').fit(rec)
except Late:
    print('late', signal.getsignal(signal.SIGINT) is signal.default_int_handler)
""") == "late True"


def test_ctrl_c_that_is_ignored_stays_so():
    said = run_with(BIG + """
signal.signal(signal.SIGINT, signal.SIG_IGN)
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
model = synapsnet.SynapsNet(epochs=60, patience=60, connectivity='dense', hidden=8).fit(rec)
print(model.description_['warnings'], signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
""")
    assert said.endswith("True") and "stopped" not in said


def test_a_handler_that_python_does_not_know_stays(rec, monkeypatch):
    """Of a program in which Python runs: it could not be put back."""
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    monkeypatch.setattr(signal, "signal", lambda *_: pytest.fail("a handler was set"))
    assert np.isfinite(synapsnet.SynapsNet(connectivity="none", **SMALL).fit(rec).score())


INTERRUPTED = BIG + """
from synapsnet import _progress
asked = []
report = _progress.Watch._report
def interrupting(self, progress, user):
    if progress.contents.stage.startswith(STAGE) and not asked:
        asked.append(0)
        for _ in range(TIMES):
            signal.raise_signal(signal.SIGINT)
    return report(self, progress, user)
_progress.Watch._report = interrupting
try:
    model = synapsnet.SynapsNet(epochs=2, connectivity='dense', hidden=4, repeats=2).fit(rec)
    print('whole', len(model.edges().p), model.description_.get('repeats'))
except KeyboardInterrupt:
    print('interrupted')
"""


@pytest.mark.parametrize("stage, once", [("testing edges", "whole 20 None"), ("repeat", "whole 20 {'done': 0, 'asked': 2}")])
def test_ctrl_c_where_the_model_is_whole(stage, once):
    code = INTERRUPTED.replace("STAGE", repr(stage.encode()))
    assert run_with(code.replace("TIMES", "1")) == once
    assert run_with(code.replace("TIMES", "2")) == "interrupted"


def test_a_fit_that_is_stopped_before_it_tried_a_connectivity_says_so():
    said = run_with(BIG + """
from synapsnet import _progress
report = _progress.Watch._report
def interrupting(self, progress, user):
    if progress.contents.epoch == 1 and not self.interrupts:
        signal.raise_signal(signal.SIGINT)
    return report(self, progress, user)
_progress.Watch._report = interrupting
model = synapsnet.SynapsNet(hidden=4).fit(rec)
print(model.description_['connectivity']['form'], model.description_['warnings'])
""")
    assert said.startswith("none") and "stopped before every connectivity had been tried" in said
    assert "at its length the recording holds no" not in said


def test_the_gil_is_released(rec):
    counted = 0
    running = True

    def count():
        nonlocal counted
        while running:
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    interrupter = interrupt_after(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        synapsnet.SynapsNet(**LONG).fit(rec)
    running = False
    thread.join()
    interrupter.join()
    assert counted > 50


@pytest.mark.parametrize("without_tqdm", [False, True])
def test_progress(rec, capfd, monkeypatch, without_tqdm):
    if without_tqdm:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    synapsnet.SynapsNet(connectivity="dense", progress=True, **SMALL).fit(rec)
    shown = capfd.readouterr().err
    assert "validation" in shown and "dense" in shown
    loud = synapsnet.SynapsNet(connectivity="dense", progress=False, **SMALL).fit(rec)
    assert capfd.readouterr().err == ""
    loud.set_params(progress=True).adapt(rec)
    assert "validation" in capfd.readouterr().err


def test_fits_in_threads_are_those_in_turn(rec):
    def fit(seed, to):
        to[seed] = synapsnet.SynapsNet(connectivity="dense", seed=seed, threads=1, **SMALL).fit(rec).weights_

    alone, together = {}, {}
    for seed in range(3):
        fit(seed, alone)
    threads = [threading.Thread(target=fit, args=(seed, together)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(3):
        np.testing.assert_array_equal(alone[seed], together[seed])


def score_of(recording):
    return synapsnet.SynapsNet(connectivity="dense", threads=2, **SMALL).fit(recording).score()


def test_a_fit_after_a_fork(rec):
    import multiprocessing

    alone = score_of(rec)  # starts threads that the child will not have
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(score_of, (rec,)).get(timeout=60) == alone


def resident_bytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_hundred_fits_do_not_grow(X):
    """A copy of the recording that was lost in every fit would be 100 x 0.8 MB."""
    wide = np.tile(X, (10, 10))
    model = synapsnet.SynapsNet(hidden=1, embedding=1, epochs=1, connectivity="none", threads=1)

    def once():
        fitted = model.fit(wide, rate_hz=10)
        fitted.predict(wide[:200])
        fitted.effective_connectivity(lags=1)
        fitted.edges()
        pickle.loads(pickle.dumps(fitted))

    for _ in range(10):
        once()
    before = resident_bytes()
    for _ in range(100):
        once()
    grown = resident_bytes() - before
    assert grown < 20 * wide.nbytes, f"{grown / 1e6:.1f} MB in 100 fits"


def test_the_library_is_told_the_right_core_and_leaves_no_trace():
    code = ("import os; before = dict(os.environ); import synapsnet; assert dict(os.environ) == before; "
            "print(synapsnet.build_info())")
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "GOMP_SPINCOUNT")}
    ours = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    program = os.path.join(os.environ["SYNAPSNET_BUILD"], "synapsnet")
    theirs = subprocess.run([program, "--version"], env=environment, capture_output=True, text=True, check=True)
    assert ours.stdout.strip() == theirs.stdout.split("\n", 1)[1].strip()


def test_spike_trains_are_tested_in_short_bins():
    """Also with behaviour beside them, and in the bins that are asked for; counts have their frames alone."""
    random = np.random.default_rng(3)
    trains = {k: np.sort(random.uniform(0, 60, 400)) for k in range(5)}
    rec = synapsnet.recording(trains, behavior=random.standard_normal((1200, 1)), bin=0.05, start_s=0.0)
    counts = synapsnet.recording(np.array(rec.activity), rate_hz=20, signal="counts")
    quick = dict(connectivity="none", epochs=1, hidden=2)
    for given, options, bin_s, window_s in ((rec, {}, 0.005, 0.02), (rec, {"edge_bin": 0.01}, 0.01, 0.02), (counts, {}, 0.05, 0.05)):
        summary = synapsnet.SynapsNet(**quick, **options).fit(given).edges().summary
        assert summary["of"] == "counts"
        assert summary["counts"] == {"bin_s": pytest.approx(bin_s), "window_s": pytest.approx(window_s)}


def test_a_pipe_is_not_replaced_and_a_folder_is_found_out_before_the_fit(model, rec, monkeypatch):
    import stat

    os.mkfifo("pipe"), os.mkdir("folder")
    for write in (model.save, rec.save, model.forecast(steps=2).save, lambda path: model.save_connectivity(path + ".csv")):
        os.path.exists("pipe.csv") or os.mkfifo("pipe.csv")
        with pytest.raises(synapsnet.errors.FileError, match="is a device or a pipe"):
            write("pipe")
        assert stat.S_ISFIFO(os.stat("pipe").st_mode) and stat.S_ISFIFO(os.stat("pipe.csv").st_mode)
    monkeypatch.setattr(synapsnet.SynapsNet, "_run", lambda *_: pytest.fail("it was fitted"))
    for output in ("folder", "pipe"):
        with pytest.raises(synapsnet.errors.FileError, match="is a folder or a device; expected the name of a file"):
            synapsnet.SynapsNet(**SMALL).fit(rec, output=output)


def test_results_go_into_other_processes(rec, model):
    forecast, perturbation = model.forecast(rec, steps=3), model.perturb(0, rec, steps=3)
    for again in (pickle.loads(pickle.dumps(forecast)), copy.deepcopy(forecast)):
        for name in ("prediction", "truth", "frame", "time_s", "rollout", "rollout_low", "high", "start", "mse"):
            np.testing.assert_array_equal(getattr(again, name), getattr(forecast, name))
        assert repr(again) == repr(forecast) and again.to_xarray().equals(forecast.to_xarray())
    again = pickle.loads(pickle.dumps(perturbation))
    np.testing.assert_array_equal(again.response, perturbation.response)
    for one in (again, pickle.loads(pickle.dumps(forecast))):
        with pytest.raises(synapsnet.errors.InputError, match="came from another process"):
            one.save("r.h5")
    copy.deepcopy(forecast).save("forecast.h5")


def test_a_copy_knows_its_recordings(X):
    model = synapsnet.SynapsNet(connectivity="none", mask=None, **SMALL).fit(X, rate_hz=10)
    for twin in (copy.copy(model), copy.deepcopy(model)):
        np.testing.assert_array_equal(twin.forecast(steps=2).rollout, model.forecast(steps=2).rollout)
        twin.set_params(seed=5).fit(X, rate_hz=10)
        assert model.seed == 0 and not np.array_equal(twin.embedding_, model.embedding_)
    masked = synapsnet.SynapsNet(mask=np.eye(5))
    assert copy.deepcopy(masked).mask is not masked.mask


def test_progress_without_a_standard_error(X, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # as in a program without a terminal
    assert synapsnet.SynapsNet(connectivity="none", progress=True, **SMALL).fit(X, rate_hz=10).n_sessions_ == 1


def test_the_recording_of_the_fit_in_other_segments_is_not_scored(X):
    model = synapsnet.SynapsNet(connectivity="none", **SMALL).fit(X, rate_hz=10, segments=[(0, 50), (200, 400)])
    model.save("m.h5")
    for of in (model, synapsnet.load("m.h5")):
        for ask in (of.evaluate, of.score, lambda X: of.forecast(X, steps=2), lambda X: of.perturb(0, X, steps=2)):
            with pytest.raises(synapsnet.errors.InputError, match="in 1 segments where it had 2 others"):
                ask(X)
        assert of.predict(X).shape == X.shape and np.isfinite(of.score(X, split="all"))
        assert of.score(X, segments=[(0, 50), (200, 400)]) == pytest.approx(model.score())


def test_ids_in_the_own_layout_name_neurons(X):
    """As docs/file-formats.md has h5py write it; only where a reader has counted the ids does the file say so."""
    h5py = pytest.importorskip("h5py")
    for ids, counted, distinct in ((list("abcde"), None, 5), (list("abcde"), 0, 10), (None, None, 10)):
        for name, activity in (("a.h5", X[:200]), ("b.h5", X[200:])):
            with h5py.File(name, "w") as f:
                f.attrs["synapsnet_format"], f.attrs["format_version"], f.attrs["rate_hz"] = "recording", 1, 30.0
                f["activity"] = activity.astype("float32")
                f["activity"].attrs["signal"] = "fluorescence"
                if ids:
                    f["neurons/id"] = ids
                if counted is not None:
                    f.attrs["named_neurons"] = counted
        fitted = synapsnet.SynapsNet(**SMALL).fit(["a.h5", "b.h5"])
        assert fitted.description_["distinct_neurons"] == distinct
