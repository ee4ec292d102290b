// keras.ops.rearrange: keras/src/ops/einops.py
#include <map>

#include "frontend/keras/operations/operations.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The dimensions of one side of a pattern such as "b (h p) c": the names that each is made of.
using Groups = std::vector<std::vector<std::string>>;

Groups parseSide(OperationCall &call, llvm::StringRef text) {
  Groups groups;
  bool isOpen = false;
  llvm::SmallVector<llvm::StringRef> words;
  std::string spaced;
  for (char c : text)
    spaced += c == '(' || c == ')' ? std::string{' ', c, ' '} : std::string(1, c);
  llvm::SplitString(spaced, words);
  for (llvm::StringRef word : words) {
    bool isName = llvm::all_of(word, [](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (word == "(" || word == ")") {
      if (isOpen == (word == "("))
        call.fail("the parentheses of a 'pattern' do not match");
      isOpen = !isOpen;
      if (isOpen)
        groups.emplace_back();
    } else if (!isName) {
      call.fail(fmt::format("'{}' in a 'pattern' is not supported; names and parentheses are",
                            printable(word.str())));
    } else if (isOpen) {
      groups.back().push_back(word.str());
    } else {
      groups.push_back({word.str()});
    }
  }
  if (isOpen)
    call.fail("the parentheses of a 'pattern' do not match");
  return groups;
}

/// The extents of the names that one dimension of `extent` elements is made of; one may follow from
/// the others.
void splitDimension(OperationCall &call, const std::vector<std::string> &names, int64_t extent,
                    std::map<std::string, int64_t> &extents) {
  if (names.size() == 1 && !call.settings.has(names[0])) {
    extents[names[0]] = extent;
    return;
  }
  int64_t known = 1;
  std::string open;
  for (const std::string &name : names) {
    if (call.settings.has(name))
      extents[name] = call.settings.positive(name);
    else if (open.empty())
      open = name;
    else
      call.fail(fmt::format("a 'pattern' splits a dimension into '{}' and '{}', of which none is "
                            "given",
                            open, name));
    if (name != open && llvm::MulOverflow(known, extents[name], known))
      call.fail("a 'pattern' splits a dimension into too many elements");
  }
  if (ShapedType::isDynamic(extent) || extent % known != 0 || (open.empty() && known != extent))
    call.fail(fmt::format("a 'pattern' cannot split a dimension of {} into parts of {}",
                          describeShape({extent}), known));
  if (!open.empty())
    extents[open] = extent / known;
}

/// Splits dimensions, moves the parts and joins them again.
Tensors rearrange(OperationCall &call) {
  Tensor x = call.tensor("tensor");
  std::string pattern = call.settings.text("pattern", "");
  auto [from, to] = llvm::StringRef(pattern).split("->");
  Groups before = parseSide(call, from), after = parseSide(call, to);
  if (before.size() != static_cast<size_t>(x.rank()))
    call.fail(fmt::format("the 'pattern' {} does not fit the shape {}", printable(pattern),
                          describeShape(x.shape())));
  std::map<std::string, int64_t> extents;
  std::vector<std::string> names;
  llvm::SmallVector<int64_t> split, order, joined;
  for (auto [i, group] : llvm::enumerate(before)) {
    splitDimension(call, group, x.dim(static_cast<int64_t>(i)), extents);
    for (const std::string &name : group) {
      names.push_back(name);
      split.push_back(extents[name]);
    }
  }
  for (const std::vector<std::string> &group : after) {
    joined.push_back(1);
    for (const std::string &name : group) {
      order.push_back(llvm::find(names, name) - names.begin());
      bool isRows = extents.contains(name) && ShapedType::isDynamic(extents[name]);
      if (isRows && (group.size() > 1 || joined.size() > 1))
        call.fail("moves the rows of the batch or joins them with others, which is not supported");
      joined.back() = isRows ? ShapedType::kDynamic : joined.back() * extents[name];
    }
  }
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(names.size())));
  if (!std::is_permutation(order.begin(), order.end(), all.begin(), all.end()))
    call.fail(fmt::format("the two sides of the 'pattern' {} do not name the same dimensions",
                          printable(pattern)));
  return {x.reshape(split).transpose(order).reshape(joined)};
}

} // namespace

llvm::ArrayRef<OperationEntry> rearrangeOperations() {
  static const OperationEntry entries[] = {
      {"Rearrange", {"tensor", "pattern"}, rearrange},
  };
  return entries;
}

} // namespace lamina::frontend::keras
