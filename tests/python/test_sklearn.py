"""The contracts of scikit-learn that apply to a model of one multivariate time series."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import synapsnet
from conftest import SMALL

pytestmark = pytest.mark.filterwarnings("ignore")


class Repeated(synapsnet.SynapsNet):
    """scikit-learn checks with 10 to 30 rows; a fit needs about 60 frames, so the rows are repeated."""

    def fit(self, X, y=None, **keywords):
        if isinstance(X, np.ndarray) and X.ndim == 2 and len(X) > 1:
            X = np.tile(X, (1 + 80 // len(X), 1))
        return super().fit(X, y, **keywords)


def does_not_apply(estimator):
    return {
        "check_methods_sample_order_invariance": "the order of frames is what is modelled",
        "check_methods_subset_invariance": "a frame is predicted from those before it",
    }


@parametrize_with_checks([Repeated(hidden=2, epochs=1, embedding=2, connectivity="none", window=2)],
                         expected_failed_checks=does_not_apply)
def test_contract(estimator, check):
    check(estimator)


def test_clone_is_the_same_and_unfitted(model):
    other = clone(model)
    assert other.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        other.predict()


def test_grid_search_over_hidden(X):
    search = GridSearchCV(synapsnet.SynapsNet(connectivity="none", embedding=2, epochs=3), {"hidden": [1, 6]},
                          cv=TimeSeriesSplit(2), n_jobs=1)
    search.fit(X, rate_hz=10)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all() and scores[0] != scores[1]
    assert search.best_params_["hidden"] == (1, 6)[int(np.argmax(scores))] == search.best_estimator_.hidden
    assert search.best_estimator_.connectivity_.shape == (5, 5)


def test_jobs_of_their_own(X):
    scores = cross_val_score(synapsnet.SynapsNet(connectivity="none", **SMALL), X, cv=TimeSeriesSplit(2), n_jobs=2)
    assert np.isfinite(scores).all()


def test_in_a_pipeline(X):
    pipeline = make_pipeline(StandardScaler(), synapsnet.SynapsNet(connectivity="none", **SMALL))
    assert pipeline.fit(X, synapsnet__rate_hz=10).predict(X).shape == X.shape
