#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <sys/types.h>

namespace lamina::tools {

/// A framework that a model is compared with.
struct Framework {
  const char *name;  ///< as peer.py knows it
  const char *title; ///< in tables
  bool trains;       ///< or only predicts
};
inline constexpr Framework kFrameworks[] = {{"tensorflow", "Keras on TensorFlow", true},
                                            {"tensorflow-xla", "Keras on TensorFlow, XLA", true},
                                            {"jax", "Keras on JAX", true},
                                            {"torch", "Keras on PyTorch", true},
                                            {"onnxruntime", "ONNX Runtime", false},
                                            {"openvino", "OpenVINO", false}};

/// What a peer runs.
struct PeerTask {
  std::string python, function, model, data; ///< a program, and as peer.py takes them
  uint32_t threads = 1;
};

/// A process of peer.py. It ends with this object.
class PeerProcess {
public:
  /// Throws UserError when the Python cannot be started.
  PeerProcess(const Framework &framework, const PeerTask &task);
  ~PeerProcess();
  PeerProcess(const PeerProcess &) = delete;

  const Framework &framework() const { return framework_; }
  /// Waits for the first call: {"versions": …}, or why there is none, as peer.py says it; {"error":
  /// …} where the process ended without a word.
  nlohmann::json waitUntilReady() { return readLine(); }
  /// Makes so many calls: {"ms": […], "peak_rss_bytes": …}, or {"error": …}.
  nlohmann::json run(int64_t calls);

private:
  nlohmann::json readLine();

  const Framework &framework_;
  pid_t process_ = -1;
  int toPeer_ = -1, fromPeer_ = -1;
  std::string pending_; ///< read beyond the last line
};

} // namespace lamina::tools
