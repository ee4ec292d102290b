#include "frontend/keras/model/inner_layer.h"

#include "frontend/keras/config/registry.h"
#include "frontend/keras/model/model.h"
#include "frontend/keras/training/regularizers.h"

using namespace mlir;

namespace lamina::frontend::keras {

bool readInnerTraits(const Place &place, const std::string &outerClass, const ObjectConfig &object,
                     ElementType type) {
  Config config(object.config, place);
  if (readPolicy(place, config.raw("dtype")) != type)
    place.fail(fmt::format("has another dtype policy than {}; give both the same", outerClass));
  return config.boolean("trainable", true);
}

InnerLayer InnerLayer::read(const Place &outer, const std::string &outerClass,
                            const std::string &role, const nlohmann::json &value,
                            ElementType type) {
  InnerLayer layer;
  layer.place = outer;
  layer.place.part += ": " + role;
  ObjectConfig object = ObjectConfig::read(layer.place, role, value);
  layer.className = object.className;
  if (isModelClass(object.className))
    layer.place.fail(fmt::format("class {} is a model, which {} is not supported around; wrap its "
                                 "layers one by one",
                                 object.className, outerClass));
  layer.isTrainable = readInnerTraits(layer.place, outerClass, object, type);
  layer.activityRegularizer = readActivityRegularizer(layer.place, object);
  layer.meaning = createLayer(layer.place, object);
  return layer;
}

std::vector<VariableDeclaration> InnerLayer::build(ArrayRef<RankedTensorType> inputs,
                                                   const std::string &attribute) const {
  std::vector<VariableDeclaration> variables = meaning->build(place, inputs);
  placeBelow(variables, attribute);
  for (VariableDeclaration &variable : variables) {
    variable.trainable &= isTrainable || variable.ofInnerLayer;
    variable.ofInnerLayer = true;
  }
  return variables;
}

void placeBelow(std::vector<VariableDeclaration> &variables, const std::string &attribute) {
  for (auto [i, variable] : llvm::enumerate(variables)) {
    std::string own = variable.path.empty() ? fmt::format("vars/{}", i) : variable.path;
    variable.path = attribute + "/" + own;
    if (!variable.copyPath.empty())
      variable.copyPath = attribute + "/" + variable.copyPath;
  }
}

} // namespace lamina::frontend::keras
