"""The estimators among scikit-learn's own."""
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import lamina


@parametrize_with_checks([lamina.LaminaClassifier(), lamina.LaminaRegressor()])
def test_every_check_of_estimators(estimator, check):
    check(estimator)
