#include "codegen/target/target.h"

#include <algorithm>
#include <mutex>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include "support/error.h"

namespace lamina::codegen {

namespace {

/// The target in LLVM's registry; code is generated for this kind of machine only.
const llvm::Target &nativeTarget(const std::string &triple) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser(); // for the inline assembly of the run-time dispatch
  });
  std::string reason;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!target)
    fail("no code generator for '{}': {}", triple, reason);
  return *target;
}

/// Derives everything that follows from processor and features.
void complete(TargetSpec &target) {
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      nativeTarget(target.triple)
          .createMCSubtargetInfo(target.triple, target.cpu, target.features));
  auto has = [&](const char *names) { return subtarget->checkFeatures(names); };
  target.hasFma = has("+fma");
  target.hasSse41 = has("+sse4.1");
  bool avx512 = has("+avx512f,+avx512bw,+avx512dq,+avx512vl,+evex512");
  bool avx2 = has("+avx2,+fma");
  target.level = avx512 ? 4 : avx2 ? 3 : 1;
  target.vectorBits = avx512 ? 512 : has("+avx") ? 256 : 128;
  target.vectorRegisters = avx512 ? 32 : 16;
}

std::string hostFeatures() {
  std::vector<std::string> list;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    list.push_back((feature.second ? "+" : "-") + feature.first().str());
  std::sort(list.begin(), list.end()); // a string map has no order
  return llvm::join(list, ",");
}

/// The extensions code generation uses by itself. Others (keys, enclaves, prefetch hints) may be
/// hidden by a virtual machine without consequence.
constexpr const char *usedFeatures[] = {
    "+sse3",       "+ssse3",      "+sse4.1",       "+sse4.2",
    "+sse4a",      "+popcnt",     "+cx16",         "+avx",
    "+avx2",       "+fma",        "+fma4",         "+xop",
    "+f16c",       "+bmi",        "+bmi2",         "+tbm",
    "+lzcnt",      "+movbe",      "+avx512f",      "+avx512cd",
    "+avx512bw",   "+avx512dq",   "+avx512vl",     "+avx512vnni",
    "+avx512bf16", "+avx512fp16", "+avx512vbmi",   "+avx512vbmi2",
    "+avxvnni",    "+avx512ifma", "+avx512bitalg", "+avx512vpopcntdq",
    "+gfni",       "+vaes",       "+vpclmulqdq"};

} // namespace

TargetSpec hostTarget() {
  static const TargetSpec host = [] {
    TargetSpec target;
    target.triple = llvm::sys::getProcessTriple();
    target.cpu = llvm::sys::getHostCPUName().str();
    target.features = hostFeatures();
    complete(target);
    return target;
  }();
  return host;
}

TargetSpec targetFromName(const std::string &name) {
  if (name == "host")
    return hostTarget();
  TargetSpec target;
  target.triple = llvm::sys::getProcessTriple();
  target.cpu = name;
  if (llvm::X86::parseArchX86(name, /*Only64Bit=*/true) == llvm::X86::CK_None)
    fail("unknown target CPU '{}'; use host, x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or a name "
         "LLVM knows (znver3, skylake-avx512, ...)",
         printable(name));
  complete(target);
  return target;
}

std::string describeTarget(const TargetSpec &target) {
  return fmt::format("{} {} [{}] tune [{}], {} bits, {} registers", target.triple, target.cpu,
                     target.features, target.tune, target.vectorBits, target.vectorRegisters);
}

bool runsOnHost(const TargetSpec &target) {
  TargetSpec host = hostTarget();
  const llvm::Target &native = nativeTarget(host.triple);
  std::unique_ptr<llvm::MCSubtargetInfo> own(
      native.createMCSubtargetInfo(host.triple, host.cpu, host.features));
  std::unique_ptr<llvm::MCSubtargetInfo> wanted(
      native.createMCSubtargetInfo(target.triple, target.cpu, target.features));
  return llvm::none_of(usedFeatures, [&](const char *feature) {
    return wanted->checkFeatures(feature) && !own->checkFeatures(feature);
  });
}

std::unique_ptr<llvm::TargetMachine> createTargetMachine(const TargetSpec &target,
                                                         llvm::CodeGenOptLevel level) {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(
      nativeTarget(target.triple)
          .createTargetMachine(target.triple, target.cpu, target.features, options,
                               llvm::Reloc::PIC_, llvm::CodeModel::Small, level));
}

void setTargetAttributes(llvm::Function &function, const TargetSpec &target) {
  function.addFnAttr("target-cpu", target.cpu);
  if (!target.features.empty())
    function.addFnAttr("target-features", target.features);
  if (!target.tune.empty())
    function.addFnAttr("tune-cpu", target.tune);
  function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
  function.setDoesNotThrow();
}

} // namespace lamina::codegen
