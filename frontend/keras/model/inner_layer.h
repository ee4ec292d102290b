#pragma once

#include "frontend/keras/model/layer.h"

/// Layers inside of layers, as wrappers and recurrent layers hold them.
namespace lamina::frontend::keras {

/// A layer that another one holds, with what a model knows of its own layers.
struct InnerLayer {
  Place place; ///< the outer layer's, and which of its layers this is
  std::string className;
  std::shared_ptr<LayerMeaning> meaning;
  bool isTrainable = true;
  std::optional<Regularizer> activityRegularizer = std::nullopt;

  /// `role` says in messages which layer it is: "the wrapped layer". `type` is the outer layer's,
  /// whose class is `outerClass`: another one is refused.
  static InnerLayer read(const Place &outer, const std::string &outerClass, const std::string &role,
                         const nlohmann::json &object, ElementType type);
  /// Its variables as the outer layer's: below `attribute` in the file.
  std::vector<VariableDeclaration> build(llvm::ArrayRef<mlir::RankedTensorType> inputs,
                                         const std::string &attribute) const;
};

/// Whether the file lets an inner layer be trained. Refuses another type than the outer layer's.
bool readInnerTraits(const Place &place, const std::string &outerClass, const ObjectConfig &object,
                     ElementType type);

/// Puts variables of an inner layer below `attribute` of the outer one, in the file.
void placeBelow(std::vector<VariableDeclaration> &variables, const std::string &attribute);

/// The call of an inner layer: all is that of the outer layer's call unless overridden, the
/// variables from `firstVariable` on.
class InnerCall : public LayerCall {
public:
  explicit InnerCall(LayerCall &outer, size_t firstVariable = 0)
      : outer(outer), firstVariable(firstVariable) {}

  Emitter &emit() override { return outer.emit(); }
  bool isTraining() const override { return outer.isTraining(); }
  bool isTrainable() const override { return outer.isTrainable(); }
  const Place &place() const override { return outer.place(); }
  Tensor variable(size_t index) override { return outer.variable(firstVariable + index); }
  void assign(size_t index, Tensor value) override { outer.assign(firstVariable + index, value); }
  Tensor uniform(llvm::ArrayRef<int64_t> shape) override { return outer.uniform(shape); }
  Tensor normal(llvm::ArrayRef<int64_t> shape) override { return outer.normal(shape); }
  void setLogits(Tensor result, Tensor logits) override { outer.setLogits(result, logits); }
  Tensor logits(Tensor result) const override { return outer.logits(result); }
  void limitIndices(Tensor indices, int64_t count) override { outer.limitIndices(indices, count); }
  Tensor mask(size_t input) override { return outer.mask(input); }
  bool namesMask(size_t input) const override { return outer.namesMask(input); }
  void setMask(Tensor mask, size_t outputs) override { outer.setMask(mask, outputs); }
  void penalize(const std::optional<Regularizer> &regularizer, Tensor activity) override {
    outer.penalize(regularizer, activity);
  }
  void addLoss(Tensor loss) override { outer.addLoss(loss); }
  const nlohmann::json &arguments() const override { return outer.arguments(); }

protected:
  LayerCall &outer;

private:
  size_t firstVariable;
};

} // namespace lamina::frontend::keras
