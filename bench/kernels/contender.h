#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/kernels/cases.h"

namespace lamina::bench {

/// Runs a kernel once, on memory that was made before.
using Run = std::function<void()>;

/// Something that offers kernels. What needs doing once, such as packing weights, is done when a
/// kernel is prepared. Throws std::exception with a reason when it cannot prepare one.
class Contender {
public:
  virtual ~Contender() = default;
  virtual std::string name() const = 0;
  /// The level of x86-64 whose instructions it uses at most; that of the peak it is compared with.
  virtual unsigned level() const { return 4; }
  virtual bool offers(const Dense &) const { return true; }
  virtual bool offers(const Convolution &) const { return true; }
  virtual Run prepare(const Dense &dense, Direction direction, unsigned threads) = 0;
  virtual Run prepare(const Convolution &convolution, Direction direction, unsigned threads) = 0;
};

std::unique_ptr<Contender> makeLamina();
/// Without Winograd's minimal filtering: convolutions that may use it.
std::unique_ptr<Contender> makeLaminaDirect();
/// Code for processors of that level of x86-64.
std::unique_ptr<Contender> makeLaminaOfLevel(unsigned level);
std::unique_ptr<Contender> makeOpenBlas();
std::unique_ptr<Contender> makeOneDnn();

} // namespace lamina::bench
