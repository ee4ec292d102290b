#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lamina::tools {

/// The value of an option that holds settings: "monitor=val_loss,patience=5,restore-best". What is
/// not one of the settings that were asked for, or has no fitting value, is a UserError.
class SettingList {
public:
  /// `option` is for messages.
  SettingList(std::string option, const std::string &text);

  /// The first item, where it has no "=": it is no setting then.
  std::string takeFirst();
  std::optional<std::string> text(const std::string &name);
  double number(const std::string &name, double fallback);
  std::optional<double> optionalNumber(const std::string &name);
  /// At least 0.
  int64_t count(const std::string &name, int64_t fallback);
  /// A setting without a value.
  bool flag(const std::string &name);
  /// The settings whose names are numbers, such as epochs.
  std::map<int64_t, double> numbered();
  /// Refuses settings that nobody asked for.
  void finish() const;

  [[noreturn]] void failSetting(const std::string &name, const std::string &expected) const;

private:
  struct Setting {
    std::string name;
    std::optional<std::string> value;
    bool isUsed = false;
  };

  Setting *find(const std::string &name);

  std::string option_;
  std::vector<Setting> settings_;
  std::vector<std::string> known_;
};

} // namespace lamina::tools
