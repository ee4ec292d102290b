// Layers that are refused for what they are, not for want of an entry.
#include "frontend/keras/layers/layers.h"

namespace lamina::frontend::keras {

const std::vector<RefusedClasses> &refusedLayers() {
  static const std::vector<RefusedClasses> refused = {
      {{"Lambda"},
       "it holds Python code, which is never executed; use layers of keras.layers instead, or say "
       "by --define LAYER=FILE which model it stands for"},
      {{"TFSMLayer"},
       "it reads a TensorFlow SavedModel from disk, which is never followed; build the network "
       "from layers of keras.layers"},
      {{"TorchModuleWrapper"},
       "it holds a pickled PyTorch module, which is never loaded; build the network from layers of "
       "keras.layers"},
      {{"JaxLayer"},
       "it holds a Python function, which is never executed; build the network from layers of "
       "keras.layers"},
      {{"FlaxLayer"},
       "it holds a Python object, which is never loaded; build the network from layers of "
       "keras.layers"},
      {{"CuDNNLSTM", "CuDNNGRU"},
       "it is Keras 2's layer for one kind of GPU, with weights laid out for it, which Keras 3 "
       "does "
       "not read either; in Keras 2, load its weights into the same model with LSTM or GRU "
       "(recurrent_activation 'sigmoid', reset_after) and save that"},
      {{"ContrastLimitedAdaptiveHistogramEqualization"},
       "it sorts the pixels of images into histograms, for which there is no operation; run it on "
       "the data before, and give the model its result as an input"},
      {{"MaxNumBoundingBoxes"},
       "it cuts off lists of boxes, which are no input of a network; run it on the data before"},
      {{"RandomCrop"},
       "it crops in training alone: in prediction Keras hands on images of another size, which a "
       "compiled model has one of; crop the data before, or use CenterCrop"},
      {{"Equalization"}, "Keras cannot build a model with it; equalize the images before"},
  };
  return refused;
}

} // namespace lamina::frontend::keras
