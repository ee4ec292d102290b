#include "tools/lamina/usage/setting_list.h"

#include <charconv>
#include <utility>

#include "support/error.h"
#include "trainer/data/data_file.h"

namespace lamina::tools {

namespace {

std::optional<int64_t> parseCount(const std::string &text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool isWhole = error == std::errc() && end == text.data() + text.size();
  return isWhole && value >= 0 ? std::optional(value) : std::nullopt;
}

} // namespace

SettingList::SettingList(std::string option, const std::string &text) : option_(std::move(option)) {
  for (size_t begin = 0; begin <= text.size() && !text.empty();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string item = text.substr(begin, end - begin);
    size_t equals = item.find('=');
    Setting setting{item.substr(0, equals), std::nullopt};
    if (equals != std::string::npos)
      setting.value = item.substr(equals + 1);
    if (find(setting.name))
      fail("{}: '{}' stands there twice", option_, printable(setting.name));
    settings_.push_back(std::move(setting));
    begin = end + 1;
  }
  known_.clear();
}

SettingList::Setting *SettingList::find(const std::string &name) {
  known_.push_back(name);
  for (Setting &setting : settings_)
    if (setting.name == name) {
      setting.isUsed = true;
      return &setting;
    }
  return nullptr;
}

void SettingList::failSetting(const std::string &name, const std::string &expected) const {
  for (const Setting &setting : settings_)
    if (setting.name == name)
      fail("{}: {} must be {}, not '{}'", option_, name, expected,
           printable(setting.value.value_or("")));
  fail("{}: {} must be {}", option_, name, expected);
}

std::string SettingList::takeFirst() {
  if (settings_.empty() || settings_.front().value)
    return "";
  std::string first = settings_.front().name;
  settings_.erase(settings_.begin());
  return first;
}

std::optional<std::string> SettingList::text(const std::string &name) {
  Setting *setting = find(name);
  if (!setting)
    return std::nullopt;
  if (setting->value.value_or("").empty())
    failSetting(name, "given as " + name + "=VALUE");
  return setting->value;
}

std::optional<double> SettingList::optionalNumber(const std::string &name) {
  std::optional<std::string> value = text(name);
  if (!value)
    return std::nullopt;
  std::optional<double> number = trainer::parseNumber(*value);
  if (!number)
    failSetting(name, "a number");
  return number;
}

double SettingList::number(const std::string &name, double fallback) {
  return optionalNumber(name).value_or(fallback);
}

int64_t SettingList::count(const std::string &name, int64_t fallback) {
  std::optional<std::string> value = text(name);
  if (!value)
    return fallback;
  std::optional<int64_t> count = parseCount(*value);
  if (!count)
    failSetting(name, "a whole number of at least 0");
  return *count;
}

bool SettingList::flag(const std::string &name) {
  Setting *setting = find(name);
  if (setting && setting->value)
    failSetting(name, "given without a value");
  return setting;
}

std::map<int64_t, double> SettingList::numbered() {
  std::map<int64_t, double> result;
  known_.push_back("EPOCH=NUMBER");
  for (Setting &setting : settings_) {
    std::optional<int64_t> key = parseCount(setting.name);
    if (!key)
      continue;
    setting.isUsed = true;
    std::optional<double> value = trainer::parseNumber(setting.value.value_or(""));
    if (!value)
      failSetting(setting.name, "a number");
    result[*key] = *value;
  }
  return result;
}

void SettingList::finish() const {
  for (const Setting &setting : settings_)
    if (!setting.isUsed)
      fail("{}: there is no setting '{}'; it has {}", option_, printable(setting.name),
           fmt::join(known_, ", "));
}

} // namespace lamina::tools
