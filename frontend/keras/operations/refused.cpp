// Operations of keras.ops that are refused for what they are, not for want of an entry.
#include "frontend/keras/operations/operations.h"

namespace lamina::frontend::keras {

const std::vector<RefusedClasses> &refusedOperations() {
  static const std::vector<RefusedClasses> refused = {
      {{"Argpartition", "Argsort", "Median", "Nanmedian", "Nanpercentile", "Nanquantile",
        "Percentile", "Quantile", "Sort", "TopK"},
       "it sorts, for which there is no operation; use max, min and argmax, or sort what the model "
       "is given"},
      {{"Bincount", "Histogram", "Nonzero", "Unique"},
       "the values decide the size of its result, but a compiled step knows all sizes; count with "
       "one_hot and sum"},
      {{"FFT", "FFT2", "IFFT2", "IRFFT", "ISTFT", "RFFT", "STFT"},
       "it takes Fourier transforms, for which there is no operation; compute the spectra before, "
       "and give the model them as an input"},
      {{"Polar", "ViewAsComplex", "ViewAsReal"},
       "it needs complex numbers, which are not supported; keep real and imaginary parts as two "
       "tensors"},
      {{"Cholesky", "CholeskyInverse", "Det", "Eig", "Eigh", "Inv", "Logdet", "Lstsq", "LuFactor",
        "MatrixRank", "Pinv", "Qr", "SVD", "Slogdet", "Solve", "SolveTriangular"},
       "it takes a matrix apart step by step, for which there is no operation; compute it before, "
       "and give the model its result as an input"},
      {{"AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "Switch", "VectorizedMap",
        "WhileLoop"},
       "it holds Python code, which is never executed; write the operations out on whole tensors, "
       "choices with where"},
      {{"Arccos", "Arcsin", "Arctan", "Arctan2", "Erfinv", "I0", "Nextafter"},
       "there is no operation for this function; compute it before, and give the model its result "
       "as an input"},
      {{"Gcd", "Lcm"},
       "it divides again and again until nothing is left, for which there is no operation; compute "
       "it before, and give the model its result as an input"},
      {{"SegmentMax", "SegmentMin", "SegmentProd", "SegmentSum", "Scatter", "ScatterUpdate"},
       "it sends elements where indices say, across the rows of the batch; multiply by one_hot of "
       "the indices, or give SliceUpdate fixed places"},
      {{"Corrcoef", "Correlate", "Meshgrid", "Ravel", "Vander"},
       "it takes the rows of the batch for a dimension like others; use reshape, matmul or conv on "
       "the dimensions behind them"},
      {{"Arange", "Full", "Geomspace", "Linspace", "Logspace"},
       "it makes a tensor without the rows of the batch out of one that has them; write the "
       "numbers out, or use full_like"},
      {{"AffineTransform", "ElasticTransform", "MapCoordinates", "PerspectiveTransform",
        "ScaleAndTranslate"},
       "it looks pixels up at places that are computed, for which there is no operation; transform "
       "the images before, or use resize"},
      {{"HSVToRGB", "RGBToHSV", "SSIM", "Fold"},
       "there is no entry for this operation on images; compute it before, and give the model its "
       "result as an input"},
      {{"CTCDecode", "CTCLoss"},
       "it aligns sequences by a recursion over time, for which there is no operation; use a loss "
       "on aligned labels"},
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
