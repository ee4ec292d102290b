#include "codegen/objects/object_emitter.h"

#include <cstdlib>
#include <optional>

#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include "support/atomic_file.h"
#include "support/error.h"

namespace lamina::codegen {

namespace {

using Bytes = llvm::SmallVector<char, 0>;

llvm::Error writeBytes(const std::string &path, llvm::ArrayRef<char> bytes) {
  try {
    writeFileAtomically(path, std::string_view(bytes.data(), bytes.size()));
  } catch (const UserError &error) {
    return llvm::createStringError(std::string(error.what()));
  }
  return llvm::Error::success();
}

llvm::Expected<Bytes> archiveOf(const Bytes &object, const std::string &memberName) {
  llvm::NewArchiveMember member(llvm::MemoryBufferRef({object.data(), object.size()}, memberName));
  auto archive = llvm::writeArchiveToBuffer(
      llvm::ArrayRef(std::move(member)), llvm::SymtabWritingMode::NormalSymtab,
      llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  return Bytes((*archive)->getBufferStart(), (*archive)->getBufferEnd());
}

/// A file in the system's directory for temporary files that goes away with the object.
class ScratchFile {
public:
  static llvm::Expected<ScratchFile> create(llvm::StringRef suffix) {
    llvm::SmallString<128> path;
    if (std::error_code code = llvm::sys::fs::createTemporaryFile("lamina", suffix, path))
      return llvm::createStringError("cannot create a temporary file: " + code.message());
    return ScratchFile(path);
  }
  llvm::StringRef path() const { return path_; }

private:
  explicit ScratchFile(llvm::StringRef path)
      : path_(path), remover_(std::make_unique<llvm::FileRemover>(path)) {}
  std::string path_;
  std::unique_ptr<llvm::FileRemover> remover_;
};

/// The C compiler: $CC when it names a program, else cc, clang or gcc.
llvm::Expected<std::string> findCompiler() {
  std::vector<std::string> names{"cc", "clang", "gcc"};
  if (const char *chosen = std::getenv("CC"); chosen && *chosen)
    names.insert(names.begin(), chosen);
  for (const std::string &name : names)
    if (auto program = llvm::sys::findProgramByName(name))
      return *program;
  return llvm::createStringError("a shared library needs a C compiler to link it, and neither cc, "
                                 "clang nor gcc was found; install one, or ask for an object or "
                                 "a static library");
}

/// The first line the linker printed that tells of an error.
std::string firstError(llvm::StringRef path) {
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return "";
  llvm::SmallVector<llvm::StringRef> lines;
  (*text)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines)
    if (line.contains("error") || line.contains("undefined"))
      return line.str();
  return lines.empty() ? "" : lines.front().str();
}

/// Runs the C compiler, with its messages going to a file.
llvm::Error runCompiler(llvm::ArrayRef<llvm::StringRef> arguments) {
  auto messages = ScratchFile::create("txt");
  if (!messages)
    return messages.takeError();
  std::optional<llvm::StringRef> redirects[] = {"", messages->path(), messages->path()};
  std::string reason;
  int status = llvm::sys::ExecuteAndWait(arguments[0], arguments, std::nullopt, redirects,
                                         /*SecondsToWait=*/0, /*MemoryLimit=*/0, &reason);
  if (status == 0)
    return llvm::Error::success();
  if (reason.empty())
    reason = firstError(messages->path());
  return llvm::createStringError("cannot link the shared library with " + arguments[0].str() +
                                 ": " + reason);
}

llvm::Expected<Bytes> linkShared(const Bytes &object, llvm::StringRef libraryName) {
  auto compiler = findCompiler();
  if (!compiler)
    return compiler.takeError();
  auto input = ScratchFile::create("o"), output = ScratchFile::create("so");
  if (!input || !output)
    return llvm::joinErrors(input.takeError(), output.takeError());
  if (llvm::Error error = writeBytes(input->path().str(), object))
    return error;
  std::string soname = "-Wl,-soname," + libraryName.str();
  if (llvm::Error error =
          runCompiler({*compiler, "-shared", "-o", output->path(), input->path(), soname}))
    return error;
  auto library = llvm::MemoryBuffer::getFile(output->path());
  if (!library)
    return llvm::createStringError("cannot read the linked library: " +
                                   library.getError().message());
  return Bytes((*library)->getBufferStart(), (*library)->getBufferEnd());
}

} // namespace

llvm::Expected<Bytes> emitBytes(llvm::Module &module, const TargetSpec &target, OutputKind kind,
                                const std::string &memberName) {
  auto fileType = kind == OutputKind::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                               : llvm::CodeGenFileType::ObjectFile;
  auto code = generateCode(module, *createTargetMachine(target), fileType);
  if (!code || kind != OutputKind::StaticLibrary)
    return code;
  return archiveOf(*code, memberName);
}

llvm::Error emitFile(llvm::Module &module, const TargetSpec &target, OutputKind kind,
                     const std::string &path) {
  std::string member = (llvm::sys::path::stem(path) + ".o").str();
  bool shared = kind == OutputKind::SharedLibrary;
  auto bytes = emitBytes(module, target, shared ? OutputKind::Object : kind, member);
  if (!bytes)
    return bytes.takeError();
  if (shared)
    bytes = linkShared(*bytes, llvm::sys::path::filename(path));
  if (!bytes)
    return bytes.takeError();
  return writeBytes(path, *bytes);
}

} // namespace lamina::codegen
