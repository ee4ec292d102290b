"""Lookups of texts and whole numbers, which the reader of the data runs before the step."""
import numpy as np

from case import case, labels, normal

WORDS = ("the cat sat on A mat; Dog ran, far! über Éclair naïve x1 y-2 don't 12.5 [UNK] wall and so "
         "on...").split()
COLORS = ["red", "green", "blue"]


def texts(most):
    """Texts of up to so many words, some of them in no vocabulary."""
    def source(random, rows):
        words = WORDS + [f"w{n}" for n in range(20)]
        return np.array([" ".join(random.choice(words, random.integers(1, most + 1)))
                         for _ in range(rows)])
    return source


def chosen(*shape, values=(*COLORS, "cyan", "pink", "")):
    return lambda random, rows: random.choice(np.array(values), (rows, *shape))


NUMBERS = chosen(2, values=(-5, 3, 5, 7, 11, 1000003))


def compiled(keras, inputs, parts):
    L = keras.layers
    parts = [part if part.ndim == 2 else L.Flatten()(part) for part in parts]
    outputs = L.Dense(2)(parts[0] if len(parts) == 1 else L.Concatenate()(parts))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.02), "mse")
    return model


def embedded(L, indices, entries=60):
    return L.Flatten()(L.Embedding(entries, 2)(indices))


@case(x=texts(7), y=normal(2), epochs=4)
def text_vectorization(keras):
    """Sequences of indices: words, characters, runs of both; cut and filled up."""
    L = keras.layers
    inputs = keras.Input((1,), dtype="string")
    words = L.TextVectorization(output_sequence_length=5, vocabulary=["the", "cat", "far", "on"])
    characters = L.TextVectorization(split="character", output_sequence_length=20, max_tokens=40,
                                     standardize="lower", ngrams=2)
    runs = L.TextVectorization(ngrams=(2, 3), output_sequence_length=6, standardize=None)
    for layer in (characters, runs):
        layer.adapt([" ".join(WORDS), "the cat sat"])
    return compiled(keras, inputs, [embedded(L, words(inputs)), embedded(L, characters(inputs)),
                                    embedded(L, runs(inputs))])


@case(x=texts(7), y=normal(2), epochs=4)
def text_vectorization_counts(keras):
    L = keras.layers
    inputs = keras.Input((), dtype="string")
    hot = L.TextVectorization(20, output_mode="multi_hot", pad_to_max_tokens=True)
    count = L.TextVectorization(output_mode="count", standardize="strip_punctuation")
    weighted = L.TextVectorization(output_mode="tf_idf")
    for layer in (hot, count, weighted):
        layer.adapt([" ".join(WORDS), "the cat sat on", "sat on a wall"])
    given = L.TextVectorization(output_mode="tf_idf", vocabulary=["the", "cat", "dog"],
                                idf_weights=[0.5, 0.25, 1.5])
    return compiled(keras, inputs, [layer(inputs) for layer in (hot, count, weighted, given)])


@case(x=texts(7), y=normal(2), epochs=4, rows=12, batch_size=5, validation_rows=4)
def text_vectorization_masked(keras):
    """Filled up steps are masked, and a smaller last batch is the same text by text."""
    L = keras.layers
    words = L.TextVectorization(output_sequence_length=9, vocabulary=["the", "cat", "far", "on", "dog"])
    model = keras.Sequential([keras.Input((1,), dtype="string"), words,
                              L.Embedding(8, 4, mask_zero=True), L.LSTM(3), L.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


@case(x=chosen(3), y=normal(2), epochs=4)
def string_lookup(keras):
    L = keras.layers
    inputs = keras.Input((3,), dtype="string")
    lookups = [L.StringLookup(vocabulary=COLORS),
               L.StringLookup(vocabulary=COLORS, mask_token="", num_oov_indices=3),
               L.StringLookup(vocabulary=COLORS, num_oov_indices=5, salt=[5, 9])]
    hot = [L.StringLookup(vocabulary=COLORS, output_mode="one_hot", mask_token=""),
           L.StringLookup(vocabulary=COLORS, output_mode="count", mask_token="", num_oov_indices=2),
           L.StringLookup(9, vocabulary=COLORS, output_mode="multi_hot", pad_to_max_tokens=True),
           L.StringLookup(output_mode="tf_idf")]
    hot[3].adapt([["red", "green"], ["red", "pink"]])
    return compiled(keras, inputs, [embedded(L, layer(inputs)) for layer in lookups] +
                    [layer(inputs) for layer in hot])


@case(x=NUMBERS, y=normal(2), epochs=4)
def integer_lookup(keras):
    L = keras.layers
    inputs = keras.Input((2,), dtype="int64")
    adapted = L.IntegerLookup()
    adapted.adapt([[3, 5], [5, 7]])
    lookups = [adapted, L.IntegerLookup(vocabulary=[3, 5], num_oov_indices=3, mask_token=7),
               L.IntegerLookup(vocabulary=[3, 5], num_oov_indices=4, oov_method="farmhash"),
               L.IntegerLookup(vocabulary=[3], num_oov_indices=6, oov_method="farmhash", salt=4)]
    hot = L.IntegerLookup(vocabulary=[3, 5], num_oov_indices=2, output_mode="count")
    return compiled(keras, inputs,
                    [embedded(L, layer(inputs)) for layer in lookups] + [hot(inputs)])


@case(x=[chosen(3), chosen(1), NUMBERS], y=normal(2), epochs=4)
def hashing(keras):
    L = keras.layers
    words, word = keras.Input((3,), dtype="string"), keras.Input((1,), dtype="string")
    numbers = keras.Input((2,), dtype="int32")
    return compiled(keras, [words, word, numbers], [
        embedded(L, L.Hashing(7)(words)), L.Hashing(7, "", output_mode="multi_hot")(words),
        L.Hashing(9, salt=17, output_mode="one_hot")(word),
        embedded(L, L.Hashing(50, salt=[3, -8], mask_value=5)(numbers)),
        L.Hashing(9, mask_value=7, output_mode="count")(numbers)])


@case(x=[chosen(1), chosen(1, values=(1, 5, 30)), normal(2)], y=normal(2), epochs=4)
def hashed_crossing(keras):
    """Crosses of inputs and of other lookups; one input is used as a number too."""
    L = keras.layers
    words, numbers = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    others = keras.Input((2,))
    color, known = L.StringLookup(vocabulary=COLORS)(words), L.IntegerLookup(vocabulary=[5])(numbers)
    return compiled(keras, [words, numbers, others], [
        L.HashedCrossing(11, "one_hot")([words, numbers]),
        embedded(L, L.HashedCrossing(13)([numbers, words])),
        L.HashedCrossing(6, "one_hot")([color, known]), L.CategoryEncoding(4)(color),
        L.Rescaling(0.1)(numbers), others])


@case(x=[chosen(1), normal(2)], y=labels(2), epochs=4)
def lookups_in_a_model(keras):
    """A model that prepares data inside of the one that is trained, called twice."""
    L = keras.layers
    words, numbers = keras.Input((1,), dtype="string"), keras.Input((2,))
    prepare = keras.Model([words, numbers], [L.StringLookup(vocabulary=COLORS)(words),
                                             L.Rescaling(0.5)(numbers)])
    inputs = [keras.Input((1,), dtype="string"), keras.Input((2,))]
    color, scaled = prepare(inputs)
    again, _ = prepare([inputs[0], scaled])
    parts = [L.Flatten()(L.Embedding(4, 3)(color)), scaled, L.CategoryEncoding(4)(again)]
    model = keras.Model(inputs, L.Dense(2, "softmax")(L.Concatenate()(parts)))
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
