"""The layers of Keras' own tests compute in a compiled step what they compute in Keras: predictions, and
where nothing is random the loss and the weights of a training step."""
import warnings
from datetime import date

import keras_layer_tests as layer_tests
import numpy as np
import pytest

import lamina

POLICIES = "the dtype policy .* is not supported; Lamina computes in float32 and float64"

# What a compiled step refuses, by the class or the beginning of the test's name: the line that says why.
EXCEPTIONS = {
    "ContrastLimitedAdaptiveHistogramEqualization": "it sorts the pixels of images into histograms",
    "MaxNumBoundingBoxes": "it cuts off lists of boxes", "RandomCrop": "it crops in training alone",
    # Of these a prediction is known alone.
    **dict.fromkeys(["MixUp", "CutMix", "RandAugment", "AugMix", "RandomElasticTransform"],
                    "the model cannot be trained, but it predicts|takes inputs of rank 4"),
    # Their code calls functions of a backend.
    "MockedRandomFlip": "cannot be traced", "RandomRGBToHSVLayer": "cannot be traced",
    "dropout_rnn_cell_test": "its cell .* it draws random numbers|" + POLICIES,
    "batch_normalization_test.test_renorm_basics": "BatchNormalization with 'renorm' = true",
    "layer_normalization_test.test_ln_basics.5": r"has the shape \[1,0,10\]",  # without elements
}
REASONS = {"lora": "has a 'lora_rank'", "quantize": POLICIES}


def reason_for(case):
    """Why the case may be refused; None where it may not."""
    for key, reason in EXCEPTIONS.items():
        if case.class_name == key or case.name.startswith(key):
            return reason
    for word, reason in REASONS.items():
        if word in case.name:
            return reason
    return None


def is_trained(model):
    return (bool(model.trainable_weights) and not layer_tests.draws_random_numbers(model)
            and all("float" in o.dtype and len(o.shape) > 1 for o in model.outputs))


def assert_close(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        b = np.asarray(b, np.float64)
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * max(1, np.abs(b).max(initial=0)))


def check(keras, case):
    """Whether the case was compared; not where Keras refuses it, or where its tensors are sparse."""
    arrays = layer_tests.arrays_of(case)
    sparse = case.arguments.get("input_sparse") or case.arguments.get("input_ragged")
    if arrays is None or sparse:
        return False
    keras.utils.set_random_seed(1)
    try:
        model, data = layer_tests.model_of(case, arrays)
    except ValueError:
        return False  # a test of Keras' refusals
    if is_trained(model):
        model.compile(keras.optimizers.SGD(0.01), ["mse"] * len(model.outputs))
    rows = len(keras.tree.flatten(data)[0])
    reason = reason_for(case)
    if not reason and "image_preprocessing" in case.layer_cls.__module__ and any(
            len(array.shape) == 3 for array in keras.tree.flatten(data)):
        reason = "takes inputs of rank 4"  # one image without a batch
    if not reason and case.class_name == "MelSpectrogram" and np.ndim(data) == 1:
        reason = "takes a signal of samples a row"  # one signal without a batch
    if reason:
        with pytest.raises((NotImplementedError, ValueError), match=reason):
            lamina.compile(model, batch_size=rows)
        return False
    step = lamina.compile(model, batch_size=rows)
    flat = keras.tree.flatten
    theirs = flat(model.predict(data, verbose=0, batch_size=rows))
    assert_close(flat(step.predict(data, verbose=0)), theirs)
    if is_trained(model):
        targets = [np.ones(output.shape, "float32") for output in theirs]
        targets = targets if len(targets) > 1 else targets[0]
        ours = step.train_on_batch(data, targets)["loss"]
        assert_close([ours], [np.ravel(model.train_on_batch(data, targets))[0]])
        assert_close(step.get_weights(), model.get_weights())
    return True


def pytest_generate_tests(metafunc):
    """All files with --layer-tests; a quarter of them otherwise, another one each day."""
    if "file" in metafunc.fixturenames:
        files = layer_tests.files()
        every = metafunc.config.getoption("--layer-tests")
        metafunc.parametrize("file", files if every else files[date.today().toordinal() % 4::4])


def test_file(keras, file, request):
    """All cases of a file with --layer-tests, one otherwise."""
    cases = layer_tests.collect(file)
    assert cases, f"{file} has no layers"
    problems, compared = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in cases if request.config.getoption("--layer-tests") else cases[:1]:
            try:
                compared += check(keras, case)
            except (Exception, pytest.fail.Exception) as problem:
                problems.append(f"{case.name} ({case.class_name}): {type(problem).__name__} {problem}")
    assert not problems, "\n".join(problems)
