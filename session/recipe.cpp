#include "session/recipe.h"

#include <algorithm>

#include "frontend/files/bytes.h"
#include "frontend/files/json.h"
#include "support/error.h"

namespace lamina::session {

namespace {

using codegen::TensorSpec;
using nlohmann::json;
using Names = std::vector<std::string>;

constexpr const char *kMember = "assets/lamina.json";

bool hasClasses(const trainer::ColumnRecipe &recipe) {
  return std::ranges::any_of(recipe.classes, [](const Names &names) { return !names.empty(); });
}

json toJson(const trainer::FeatureEncoding &encoding) {
  json content = json::object();
  if (!encoding.categories.empty())
    content = {{"categories", encoding.categories}, {"one_hot", encoding.isOneHot}};
  if (encoding.fill)
    content["fill"] = *encoding.fill;
  if (encoding.flagsMissing)
    content["flag"] = true;
  if (encoding.mean != 0 || encoding.scale != 1)
    content.update({{"mean", encoding.mean}, {"scale", encoding.scale}});
  return content;
}

trainer::FeatureEncoding toEncoding(const json &content) {
  trainer::FeatureEncoding encoding;
  encoding.categories = content.value("categories", Names());
  encoding.isOneHot = content.value("one_hot", false) && !encoding.categories.empty();
  if (content.contains("fill"))
    encoding.fill = content.at("fill").get<double>();
  encoding.flagsMissing = content.value("flag", false);
  encoding.mean = content.value("mean", 0.0);
  encoding.scale = content.value("scale", 1.0);
  return encoding;
}

json placesOf(const trainer::ColumnRecipe &recipe) {
  return {
      {"width", recipe.width}, {"columns", recipe.featurePlaces}, {"targets", recipe.targetPlaces}};
}

/// False where they are no places in a table of that width.
bool readPlaces(const json &content, trainer::ColumnRecipe &recipe) {
  recipe.width = content.at("width").get<size_t>();
  recipe.featurePlaces = content.at("columns").get<std::vector<size_t>>();
  recipe.targetPlaces = content.at("targets").get<std::vector<size_t>>();
  auto isInside = [&](size_t place) { return place < recipe.width; };
  return std::ranges::all_of(recipe.featurePlaces, isInside) &&
         std::ranges::all_of(recipe.targetPlaces, isInside);
}

/// False where there are no such windows.
bool readWindow(const json &content, trainer::Window &window) {
  window.steps = content.at("steps").get<int64_t>();
  window.horizon = content.at("horizon").get<int64_t>();
  return window.steps > 0 && window.horizon >= 0;
}

} // namespace

trainer::ColumnRecipe readRecipe(const frontend::KerasFile &file,
                                 const std::vector<TensorSpec> &targets) {
  trainer::ColumnRecipe recipe;
  auto member = file.assets.find(kMember);
  if (member == file.assets.end())
    return recipe;
  json content = frontend::parseJson(file.path + ": " + kMember, frontend::asText(member->second));
  bool isSound = true;
  try {
    recipe.features = content.value("columns", Names());
    recipe.targets = content.value("targets", Names());
    for (const json &encoding : content.value("encodings", json::array()))
      recipe.encodings.push_back(toEncoding(encoding));
    json classes = content.value("classes", json::object());
    for (const TensorSpec &target : targets)
      recipe.classes.push_back(classes.value(target.name, Names()));
    if (content.contains("window"))
      isSound = readWindow(content.at("window"), recipe.window);
    if (isSound && content.contains("places"))
      isSound = readPlaces(content.at("places"), recipe);
  } catch (const json::exception &) {
    isSound = false;
  }
  if (!isSound)
    fail("{}: {} is damaged; write the model again, or remove the member from the archive",
         file.path, kMember);
  return recipe;
}

void keepRecipe(frontend::KerasFile &file, const trainer::ColumnRecipe &recipe,
                const std::vector<TensorSpec> &targets) {
  if (!recipe.width && !hasClasses(recipe) && !recipe.window)
    return;
  json classes = json::object();
  for (size_t t = 0; t < recipe.classes.size(); ++t)
    if (!recipe.classes[t].empty())
      classes[targets[t].name] = recipe.classes[t];
  json content = {{"columns", recipe.features}, {"targets", recipe.targets}, {"classes", classes}};
  for (const trainer::FeatureEncoding &encoding : recipe.encodings)
    content["encodings"].push_back(toJson(encoding));
  if (recipe.width)
    content["places"] = placesOf(recipe);
  if (recipe.window)
    content["window"] = {{"steps", recipe.window.steps}, {"horizon", recipe.window.horizon}};
  std::string text = frontend::dumpJson(content);
  auto bytes = std::as_bytes(std::span(text));
  file.assets[kMember].assign(bytes.begin(), bytes.end());
}

} // namespace lamina::session
