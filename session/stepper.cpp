#include "session/stepper.h"

#include <chrono>
#include <cmath>

#include "trainer/data/cast.h"
#include "trainer/data/shuffle.h"

namespace lamina::session {

namespace {

using Clock = std::chrono::steady_clock;
using frontend::Array;

/// Uniform numbers in [0, 1), or whole ones below the tensor's bound.
Array randomArray(const codegen::TensorSpec &spec, int64_t rows, uint32_t key) {
  std::vector<int64_t> shape = spec.shape;
  shape[0] = rows;
  Array array = frontend::makeArray(spec.type, shape);
  for (int64_t i = 0; i < array.elementCount(); ++i) {
    double uniform =
        static_cast<double>(trainer::philox2x32(key, static_cast<uint64_t>(i)) >> 11) * 0x1p-53;
    bool isInteger = spec.type != ElementType::F32 && spec.type != ElementType::F64;
    double value = spec.bound  ? std::floor(uniform * static_cast<double>(spec.bound))
                   : isInteger ? std::floor(uniform * 2)
                               : uniform;
    trainer::storeValue(spec.type,
                        array.bytes.data() + static_cast<size_t>(i) * byteWidth(spec.type), value);
  }
  return array;
}

} // namespace

trainer::Dataset randomBatch(const Session &session) {
  const codegen::Signature &signature = session.importedSignature();
  trainer::Dataset data;
  data.rows = signature.batchSize;
  uint32_t key = 0;
  for (const codegen::TensorSpec &input : signature.inputs)
    data.inputs.push_back(randomArray(input, data.rows, ++key));
  for (const codegen::TensorSpec &target : signature.targets)
    data.targets.push_back(randomArray(target, data.rows, ++key));
  return data;
}

Stepper::Stepper(trainer::ModelRunner &runner, const trainer::Dataset &data, bool train)
    : runner_(runner), batches_(data, std::min(data.rows, runner.signature().batchSize)),
      train_(train), logs_(runner.makeBatchLogs(runner.signature().trainLogs)) {
  batch_ = batches_.get(0, {});
  for (const codegen::TensorSpec &spec : runner.signature().outputs)
    pointers_.push_back(outputs_.emplace_back(randomArray(spec, batch_.rows, 0)).bytes.data());
}

double Stepper::run() {
  auto start = Clock::now();
  if (train_)
    runner_.trainStep(batch_, logs_);
  else
    runner_.predictStep(batch_, pointers_.data());
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

} // namespace lamina::session
