#include "frontend/files/json.h"

#include <cmath>

#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

std::string refusal(std::string_view text, const JsonLimits &limits = {}) {
  return errorOf([&] { parseJson("m.json", text, limits); });
}

TEST(Json, ReadsValues) {
  json value = parseJson("m.json", R"( {"a": [1, -2.5e1, true, false, null], "b": {"c": "d"}} )");
  EXPECT_EQ(value["a"][0], 1);
  EXPECT_TRUE(value["a"][0].is_number_integer());
  EXPECT_EQ(value["a"][1], -25.0);
  EXPECT_TRUE(value["a"][1].is_number_float());
  EXPECT_EQ(value["a"][2], true);
  EXPECT_TRUE(value["a"][4].is_null());
  EXPECT_EQ(value["b"]["c"], "d");
  EXPECT_EQ(parseJson("m.json", "{}"), json::object());
  EXPECT_EQ(parseJson("m.json", "[]"), json::array());
  EXPECT_EQ(parseJson("m.json", "-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parseJson("m.json", "5e-324").get<double>(), 5e-324);
}

TEST(Json, ReadsPythonsLiterals) {
  json value = parseJson("m.json", "[NaN, Infinity, -Infinity]");
  EXPECT_TRUE(std::isnan(value[0].get<double>()));
  EXPECT_EQ(value[1].get<double>(), INFINITY);
  EXPECT_EQ(value[2].get<double>(), -INFINITY);
}

TEST(Json, ReadsEscapes) {
  EXPECT_EQ(parseJson("m.json", R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parseJson("m.json", R"("\u00e9\u20AC\ud83d\ude00")"), "é€😀");
  EXPECT_EQ(parseJson("m.json", "\"é€😀\""), "é€😀");
}

TEST(Json, RefusesMalformedText) {
  EXPECT_EQ(refusal(""), "m.json: not valid JSON at byte 0: the text ends too early");
  EXPECT_EQ(refusal("{\"a\": 1"), "m.json: not valid JSON at byte 7: the text ends too early");
  EXPECT_EQ(refusal("{\"a\" 1}"), "m.json: not valid JSON at byte 5: expected ':' after a key");
  EXPECT_EQ(refusal("{a: 1}"), "m.json: not valid JSON at byte 1: expected a key in quotes");
  EXPECT_EQ(refusal("{\"a\": 1,}"), "m.json: not valid JSON at byte 8: expected a key in quotes");
  EXPECT_EQ(refusal("[1 2]"),
            "m.json: not valid JSON at byte 3: expected ']' or ',' after an element");
  EXPECT_EQ(refusal("[1,]"), "m.json: not valid JSON at byte 3: expected a value");
  EXPECT_EQ(refusal("{} {}"), "m.json: not valid JSON at byte 3: more text follows the value");
  EXPECT_EQ(refusal("'a'"), "m.json: not valid JSON at byte 0: expected a value");
  EXPECT_EQ(refusal("\"a"), "m.json: not valid JSON at byte 0: a string is not closed");
  EXPECT_EQ(refusal("\"a\nb\""),
            "m.json: not valid JSON at byte 2: a control character inside a string");
  EXPECT_EQ(refusal(R"("\x41")"), "m.json: not valid JSON at byte 1: an unknown escape");
  EXPECT_EQ(refusal(R"("\u12")"),
            "m.json: not valid JSON at byte 3: \\u needs four hexadecimal digits");
  EXPECT_EQ(refusal("\xef\xbb\xbf{}"), "m.json: not valid JSON at byte 0: it starts with a byte "
                                       "order mark; save it as plain UTF-8");
}

TEST(Json, RefusesNumbersThatLoseTheirValue) {
  EXPECT_EQ(refusal("9223372036854775808"),
            "m.json: not valid JSON at byte 0: an integer does not fit 64 bits");
  EXPECT_EQ(refusal("[1" + std::string(5000, '0') + "]"),
            "m.json: not valid JSON at byte 1: an integer does not fit 64 bits");
  EXPECT_EQ(refusal("1e999"),
            "m.json: not valid JSON at byte 0: a number is outside the range of double precision");
  EXPECT_EQ(refusal("01"),
            "m.json: not valid JSON at byte 0: a number starts with a superfluous 0");
  EXPECT_EQ(refusal("1."), "m.json: not valid JSON at byte 2: expected a digit");
  EXPECT_EQ(refusal("-"), "m.json: not valid JSON at byte 1: expected a digit");
}

TEST(Json, RefusesDuplicateKeys) {
  EXPECT_EQ(refusal(R"({"a": 1, "b": {"c": 2, "c": 3}})"),
            "m.json: not valid JSON at byte 23: the key 'c' occurs twice");
  EXPECT_EQ(refusal(R"({"a": 1, "\u0061": 2})"),
            "m.json: not valid JSON at byte 9: the key 'a' occurs twice");
}

TEST(Json, RefusesWhatIsNotUtf8) {
  for (std::string_view bad : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                               "\"\xf5\x80\x80\x80\"", "\"\xe2\x82\"", "\"\xf0\x8f\xbf\xbf\""})
    EXPECT_EQ(refusal(bad), "m.json: not valid JSON at byte 1: the text is not UTF-8");
  EXPECT_EQ(refusal(R"("\ud83d")"), "m.json: not valid JSON at byte 1: an unpaired surrogate");
  EXPECT_EQ(refusal(R"("\ude00")"), "m.json: not valid JSON at byte 1: an unpaired surrogate");
  EXPECT_EQ(refusal(R"("\ud83d\u0041")"),
            "m.json: not valid JSON at byte 1: an unpaired surrogate");
}

TEST(Json, KeepsItsLimits) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(257)), "");
  EXPECT_EQ(refusal(nested(258)),
            "m.json: not valid JSON at byte 257: nested deeper than 256 levels");
  EXPECT_EQ(refusal(std::string(1'000'000, '[')),
            "m.json: not valid JSON at byte 257: nested deeper than 256 levels");
  EXPECT_EQ(refusal("[1, 2, 3]", {.values = 3}),
            "m.json: not valid JSON at byte 7: more than 3 values");
  EXPECT_EQ(refusal("[1, 2, 3]", {.bytes = 5}),
            "m.json: not valid JSON at byte 5: the text is longer than 5 bytes");
}

TEST(Json, WritesAsPythonDoes) {
  std::string text = R"({"a": [1, 1.0, 0.1, 1e-07, NaN, Infinity, -Infinity], "b": "\u00e9\n"})";
  EXPECT_EQ(dumpJson(parseJson("m.json", text)), text);
  EXPECT_EQ(dumpJson(parseJson("m.json", "{ }")), "{}");
}

TEST(Json, SetsOneMemberAndKeepsTheRest) {
  auto set = [](std::string_view text) { return setJsonMember("m.json", text, "k", {1, 2}); };
  EXPECT_EQ(set(R"({"a":1,  "k" : {"k": 0} , "z": 1.50})"),
            R"({"a":1,  "k" : [1, 2] , "z": 1.50})");
  EXPECT_EQ(set(R"({"a": {"k": 3} })"), R"({"a": {"k": 3}, "k": [1, 2] })");
  EXPECT_EQ(set("{ }"), R"({ "k": [1, 2]})");
  EXPECT_EQ(errorOf([&] { set("[1]"); }), "m.json: not a JSON object");
}

} // namespace
} // namespace lamina::frontend
