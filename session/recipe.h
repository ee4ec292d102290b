#pragma once

#include <vector>

#include "codegen/compiled_model.h"
#include "frontend/files/models/keras_file.h"
#include "trainer/data/dataset.h"

namespace lamina::session {

/// The columns and classes that the model was trained on, from its file: the member
/// assets/lamina.json of the archive, which Keras passes over:
///
///     {"columns": ["length", "width"], "targets": ["species"], "classes": {"OUTPUT": ["a", "b"]}}
///
/// and, where cells are not taken as they are, "encodings", one for each column: {"categories":
/// ["a", "b"], "one_hot": true, "fill": 0, "flag": true, "mean": 2.5, "scale": 0.5}, as far as they
/// say something (trainer::FeatureEncoding). "places" says where the columns were, for files
/// without names:
/// {"width": 3, "columns": [0, 1], "targets": [2]}. "window" is there where rows in order of time
/// made windows: {"steps": 24, "horizon": 1} (trainer::Window). Classes are by the name of the
/// model's output. Empty where the file says nothing. Throws UserError when the member is damaged.
trainer::ColumnRecipe readRecipe(const frontend::KerasFile &file,
                                 const std::vector<codegen::TensorSpec> &targets);

/// Puts a recipe into the file in the place of the one before. One that says nothing, as that of
/// arrays, changes nothing.
void keepRecipe(frontend::KerasFile &file, const trainer::ColumnRecipe &recipe,
                const std::vector<codegen::TensorSpec> &targets);

} // namespace lamina::session
