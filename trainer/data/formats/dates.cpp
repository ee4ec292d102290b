#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "trainer/data/data_file.h"

namespace lamina::trainer {

namespace {

/// Takes a number of `digits` digits from the front of the text; nothing where there is none.
std::optional<int> takeDigits(std::string_view &text, size_t digits) {
  int number = 0;
  if (text.size() < digits)
    return std::nullopt;
  auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits || number < 0)
    return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view &text, char wanted) {
  if (!text.starts_with(wanted))
    return false;
  text.remove_prefix(1);
  return true;
}

/// "12:30" or "12:30:05.5", in days.
std::optional<double> takeTime(std::string_view &text) {
  auto hours = takeDigits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':'))
    return std::nullopt;
  auto minutes = takeDigits(text, 2);
  if (!minutes || *minutes > 59)
    return std::nullopt;
  double seconds = 0;
  if (take(text, ':')) {
    size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
    auto [end, error] = std::from_chars(text.data(), text.data() + length, seconds);
    if (error != std::errc() || end != text.data() + length || seconds >= 61)
      return std::nullopt;
    text.remove_prefix(length);
  }
  return (*hours * 3600 + *minutes * 60 + seconds) / 86400;
}

} // namespace

std::optional<double> parseDate(std::string_view text) {
  auto year = takeDigits(text, 4);
  char separator = text.starts_with('/') ? '/' : '-';
  if (!year || !take(text, separator))
    return std::nullopt;
  auto month = takeDigits(text, 2);
  if (!month || !take(text, separator))
    return std::nullopt;
  auto day = takeDigits(text, 2);
  if (!day)
    return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(*year),
                                   std::chrono::month(static_cast<unsigned>(*month)),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok())
    return std::nullopt;
  auto days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  if (!take(text, 'T') && !take(text, ' '))
    return text.empty() ? std::optional(days) : std::nullopt;
  auto time = takeTime(text);
  take(text, 'Z');
  return time && text.empty() ? std::optional(days + *time) : std::nullopt;
}

void Table::convertDates() {
  std::vector<std::optional<double>> numbers;
  for (const std::string &text : texts_)
    numbers.push_back(parseDate(text));
  dates.assign(width, false);
  for (size_t column = 0; column < width; ++column) {
    bool areDates = false;
    for (size_t row = 0; row < rows(); ++row) {
      const std::string *cell = text(row, column);
      bool isDate = cell && numbers[static_cast<size_t>(cell - texts_.data())];
      areDates |= isDate;
      // A number, or another text.
      if (!isDate && (cell || !std::isnan(value(row, column)))) {
        areDates = false;
        break;
      }
    }
    dates[column] = areDates;
    for (size_t row = 0; row < rows() && areDates; ++row)
      if (const std::string *cell = text(row, column))
        values[row * width + column] = *numbers[static_cast<size_t>(cell - texts_.data())];
  }
}

} // namespace lamina::trainer
