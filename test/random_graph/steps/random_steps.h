#pragma once

#include "test/random_graph/graph_builder.h"

namespace lamina::test {

/// Adds some operations of one random kind to the graph.
using Step = void (*)(GraphBuilder &graph);

// By topic: arithmetic on any values, operations on exact values only, shapes and contractions,
// convolutions with windows and lookups, attention, loops, convolutions that suit minimal
// filtering.
llvm::ArrayRef<Step> elementwiseSteps();
llvm::ArrayRef<Step> exactSteps();
llvm::ArrayRef<Step> structureSteps();
llvm::ArrayRef<Step> windowSteps();
llvm::ArrayRef<Step> attentionSteps();
llvm::ArrayRef<Step> loopSteps();
llvm::ArrayRef<Step> squareSteps();

/// A random step of any topic.
void addRandomStep(GraphBuilder &graph);

} // namespace lamina::test
