// Operations of keras.ops that are refused for what they are, not for want of an entry.
#include "frontend/keras/operations/operations.h"

namespace lamina::frontend::keras {

const std::vector<RefusedClasses> &refusedOperations() {
  static const std::vector<RefusedClasses> refused = {
      {{"Argpartition"},
       "Keras on TensorFlow rounds its numbers to integers first, and mixes the rows; use argsort"},
      {{"Bincount", "Histogram", "Nonzero", "Unique"},
       "the values decide the size of its result, but a compiled step knows all sizes; count with "
       "one_hot and sum"},
      {{"Nanmedian", "Nanpercentile", "Nanquantile"},
       "Keras on TensorFlow cannot train a model with it; put numbers in the place of NaN first "
       "and "
       "use quantile"},
      {{"Polar", "ViewAsComplex", "ViewAsReal"},
       "it needs complex numbers, which are not supported; keep real and imaginary parts as two "
       "tensors"},
      {{"LuFactor"}, "Keras on TensorFlow cannot run it in a model; use solve, inv or qr"},
      {{"Eig", "Eigh", "Lstsq", "MatrixRank", "Pinv", "SVD"},
       "it takes a matrix apart step by step, for which there is no operation; compute it before, "
       "and give the model its result as an input"},
      {{"AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "Switch", "VectorizedMap",
        "WhileLoop"},
       "it holds Python code, which is never executed; write the operations out on whole tensors, "
       "choices with where"},
      {{"Nextafter"}, "it counts in the bits of numbers; add what they should differ by"},
      {{"SegmentMax", "SegmentMin", "SegmentProd", "SegmentSum", "Scatter", "ScatterUpdate"},
       "it sends elements where indices say, across the rows of the batch; multiply by one_hot of "
       "the indices, or give SliceUpdate fixed places"},
      {{"Corrcoef", "Correlate", "Meshgrid", "Ravel", "Vander"},
       "it takes the rows of the batch for a dimension like others; use reshape, matmul or conv on "
       "the dimensions behind them"},
      {{"Arange", "Full", "Geomspace", "Linspace", "Logspace"},
       "it makes a tensor without the rows of the batch out of one that has them; write the "
       "numbers out, or use full_like"},
      {{"ElasticTransform", "MapCoordinates", "ScaleAndTranslate"},
       "there is no entry for looking pixels up at such places; use affine_transform or resize"},
      {{"AdaptiveAveragePool", "AdaptiveMaxPool", "ConvTranspose"},
       "Keras cannot run a model with it that comes from a file; use the layer of keras.layers"},
      {{"IsIn"}, "Keras on TensorFlow cannot run it in a model; use any over equal"},
      {{"Kron"}, "Keras on TensorFlow cannot run it in a model; use einsum and reshape"},
      {{"View"}, "it reads the bits of numbers as another type; use cast for their values"},
      {{"AllClose"}, "it compares all rows of the batch at once; use all over isclose"},
      {{"UnravelIndex"},
       "Keras gives its coordinates in the wrong order for all but vectors; use // and %"},
  };
  return refused;
}

} // namespace lamina::frontend::keras
