#include "codegen/objects/aot_archive.h"

#include "llvm/Object/Archive.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/MemoryBuffer.h"

extern "C" const char lamina_runtime_archive_begin[], lamina_runtime_archive_end[];

namespace lamina::codegen {

llvm::Expected<llvm::SmallVector<char, 0>> archiveWithRuntime(llvm::ArrayRef<char> object,
                                                              llvm::StringRef memberName) {
  llvm::StringRef bytes(lamina_runtime_archive_begin,
                        lamina_runtime_archive_end - lamina_runtime_archive_begin);
  auto runtime = llvm::object::Archive::create(llvm::MemoryBufferRef(bytes, "runtime"));
  if (!runtime)
    return runtime.takeError();
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(llvm::MemoryBufferRef({object.data(), object.size()}, memberName));
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child &child : (*runtime)->children(error)) {
    auto member = llvm::NewArchiveMember::getOldMember(child, /*Deterministic=*/true);
    if (!member)
      return llvm::joinErrors(member.takeError(), std::move(error));
    members.push_back(std::move(*member));
  }
  if (error)
    return error;
  auto archive = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab,
                                            llvm::object::Archive::K_GNU, /*Deterministic=*/true,
                                            /*Thin=*/false);
  if (!archive)
    return archive.takeError();
  return llvm::SmallVector<char, 0>((*archive)->getBufferStart(), (*archive)->getBufferEnd());
}

} // namespace lamina::codegen
