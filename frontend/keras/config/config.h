#pragma once

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "frontend/builder/place.h"
#include "support/element_type.h"
#include "support/error.h"

/// Reading Keras' configuration objects so that nothing in them goes unnoticed.
namespace lamina::frontend::keras {

using namespace builder; // Keras' classes are said in its words

/// A member that is a text; empty where it is none, or `object` no object.
std::string textOf(const nlohmann::json &object, const char *key);

/// A serialized object `{"module", "class_name", "config", "registered_name"}`, or a bare name
/// ("relu", "adam") with an empty configuration.
struct ObjectConfig {
  std::string className;
  std::string module = ""; ///< such as "keras.layers"; empty where the file does not say
  nlohmann::json config = nlohmann::json::object();
  bool isFunction = false; ///< {"class_name": "function", "config": NAME}

  /// Reads one, refusing classes that are not Keras' own. `what` names it in messages; `advice`
  /// ends them where there is something to do about such a class.
  static ObjectConfig read(const Place &place, std::string_view what, const nlohmann::json &value,
                           std::string_view advice = "");
};

/// How the names of Lamina's own classes begin, which traced programs hold (layers/traced.cpp).
inline constexpr char kTracedClass[] = "lamina>";

/// The members of one object's "config". Each getter marks its key as understood; `finish` refuses
/// other keys with a value, so that no setting is ignored in silence.
class Config {
public:
  Config(const nlohmann::json &object, Place place);

  const Place &where() const { return place; }
  [[noreturn]] void fail(std::string_view reason) const { place.fail(reason); }

  bool has(const std::string &key) const; ///< present and not null
  bool contains(const std::string &key) const { return object->contains(key); } ///< null or not
  /// The value as it is in the file; null when absent.
  const nlohmann::json &raw(const std::string &key);
  bool boolean(const std::string &key, bool fallback);
  double number(const std::string &key, double fallback);
  std::optional<double> optionalNumber(const std::string &key);
  int64_t integer(const std::string &key, int64_t fallback);
  std::optional<int64_t> optionalInteger(const std::string &key);
  /// A number of things: an integer from 1 to 2^31 - 1 that has to be there.
  int64_t positive(const std::string &key);
  std::string text(const std::string &key, const std::string &fallback);
  /// A list of integers, or one integer as a list of one; nothing when absent.
  std::optional<std::vector<int64_t>> integers(const std::string &key);
  /// `count` integers from `least` to 2^31 - 1: a list of as many, or one that stands for all.
  /// Nothing when absent.
  std::optional<std::vector<int64_t>> extents(const std::string &key, size_t count,
                                              int64_t least = 1);
  /// A number, a list of numbers or a serialized NumPy array, flattened with its shape.
  struct Numbers {
    std::vector<double> values;
    std::vector<int64_t> shape;
  };
  Numbers numbers(const std::string &key, double fallback);

  /// Keys without influence on the result.
  void ignore(std::initializer_list<const char *> keys);
  /// Refuses keys that nobody asked for, unless their value says nothing (null, false, empty).
  void finish(std::string_view className) const;

private:
  const nlohmann::json *find(const std::string &key);
  [[noreturn]] void failType(const std::string &key, std::string_view expected) const;

  const nlohmann::json *object;
  Place place;
  std::set<std::string> understood;
};

/// The type of NumPy's name ("float32", "bool"); nothing for another name.
std::optional<ElementType> findElementType(std::string_view name);

/// The type of a layer's floating-point variables and results, from its dtype policy: a string
/// until about Keras 3.3, an object since. Refuses other policies than float32 and float64.
ElementType readPolicy(const Place &place, const nlohmann::json &dtype);

/// That `what`, which has the name `name`, is not supported; with the one of the supported `names`
/// that is probably meant, or where all of them are listed and `otherwise`.
std::string notSupported(std::string_view what, std::string_view name,
                         const std::vector<std::string> &names, std::string_view otherwise = "");

} // namespace lamina::frontend::keras
