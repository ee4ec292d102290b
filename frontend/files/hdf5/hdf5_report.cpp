#include "frontend/files/hdf5/hdf5_report.h"

#include <map>
#include <optional>

#include <sys/mman.h>
#include <unistd.h>

#include "frontend/files/arrays/element_format.h"
#include "frontend/files/hdf5/hdf5_walk.h"
#include "frontend/files/utf8.h"
#include "frontend/files/wire.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

class ReportReader {
public:
  ReportReader(std::string_view file, std::span<const std::byte> image,
               std::span<const std::byte> report, bool isTaken)
      : file(file), image(image), wire(report), isTaken(isTaken) {}

  Hdf5Content read();

private:
  template <typename T> T take(std::optional<T> field) const {
    if (!field)
      damaged("reading it ended early");
    return std::move(*field);
  }
  [[noreturn]] void damaged(std::string_view reason) const {
    fail("{}: is damaged: {}; {}", file, printable(reason, 300), hdf5Advice);
  }
  std::string takeText();
  ElementFormat takeFormat(std::vector<int64_t> &shape, uint64_t &size);
  void readGroup();
  void readDataset();
  std::span<const std::byte> takeElements(const std::string &path, uint64_t size);
  void requireUnshared(uint64_t begin, uint64_t size);
  void readText();
  void readTexts();
  void readArrayAttribute();
  void addAttribute(const std::string &path, const std::string &name, AttributeValue value);
  std::string_view file;
  std::span<const std::byte> image;
  WireReader wire;
  Hdf5Content content;
  /// Where the datasets that lie in the image end, by where they begin: none overlaps another.
  std::map<uint64_t, uint64_t> ends;
  bool isTaken;
};

/// Gives the whole pages of a piece of memory back; it holds zeros then.
void releasePages(std::span<const std::byte> memory) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  auto begin = reinterpret_cast<uintptr_t>(memory.data());
  uintptr_t end = (begin + memory.size()) / page * page;
  begin = (begin + page - 1) / page * page;
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

Hdf5Content ReportReader::read() {
  while (true) {
    switch (static_cast<Hdf5Record>(take(wire.number()))) {
    case Hdf5Record::Group:
      readGroup();
      break;
    case Hdf5Record::Dataset:
      readDataset();
      break;
    case Hdf5Record::TextAttribute:
      readText();
      break;
    case Hdf5Record::TextsAttribute:
      readTexts();
      break;
    case Hdf5Record::ArrayAttribute:
      readArrayAttribute();
      break;
    case Hdf5Record::Refusal:
      fail("{}: {}", file, printable(take(wire.text()), 300));
    case Hdf5Record::Damage:
      damaged(take(wire.text()));
    case Hdf5Record::End:
      if (!wire.atEnd())
        damaged("reading it ended early");
      return std::move(content);
    default:
      damaged("reading it ended early");
    }
  }
}

std::string ReportReader::takeText() {
  std::string text = take(wire.text());
  if (findInvalidUtf8(text) != std::string::npos)
    damaged("a name or a text in it is not UTF-8");
  return text;
}

ElementFormat ReportReader::takeFormat(std::vector<int64_t> &shape, uint64_t &size) {
  uint64_t kind = take(wire.numberUpTo(static_cast<uint64_t>(ElementFormat::Kind::Bool)));
  uint64_t width = take(wire.numberUpTo(8));
  uint64_t bigEndian = take(wire.numberUpTo(1));
  ElementFormat format{static_cast<ElementFormat::Kind>(kind), static_cast<uint8_t>(width),
                       bigEndian == 1};
  uint64_t rank = take(wire.numberUpTo(hdf5MaxRank));
  for (uint64_t i = 0; i < rank; ++i)
    shape.push_back(static_cast<int64_t>(take(wire.numberUpTo(uint64_t(1) << 56))));
  std::optional<uint64_t> bytes = checkedByteSize(ElementType::F64, shape);
  if (!format.isValid() || !bytes)
    damaged("a shape in it is impossible");
  size = *bytes / byteWidth(ElementType::F64) * width;
  return format;
}

void ReportReader::readGroup() {
  if (!content.groups.insert(takeText()).second)
    damaged("a path in it occurs twice");
}

void ReportReader::readDataset() {
  std::string path = takeText();
  std::vector<int64_t> shape;
  uint64_t size = 0;
  ElementFormat format = takeFormat(shape, size);
  std::span<const std::byte> elements = takeElements(path, size);
  std::string where = fmt::format("{}: '{}'", file, printable(path));
  if (!content.datasets.emplace(path, decodeElements(where, format, shape, elements)).second)
    damaged("a path in it occurs twice");
  bool isInImage = elements.data() >= image.data() && elements.data() < image.data() + image.size();
  if (isTaken && isInImage)
    releasePages(elements);
}

std::span<const std::byte> ReportReader::takeElements(const std::string &path, uint64_t size) {
  uint64_t source = take(wire.number());
  uint64_t number = take(wire.number());
  if (source == static_cast<uint64_t>(Hdf5Source::Inline)) {
    if (number != size)
      damaged(fmt::format("the values of '{}' do not fill its shape", path));
    return take(wire.bytes(size));
  }
  if (source != static_cast<uint64_t>(Hdf5Source::Image))
    damaged("reading it ended early");
  if (number > image.size() || image.size() - number < size)
    damaged(fmt::format("the values of '{}' reach past the end of the file", path));
  requireUnshared(number, size);
  return image.subspan(number, size);
}

void ReportReader::requireUnshared(uint64_t begin, uint64_t size) {
  if (size == 0)
    return;
  auto next = ends.upper_bound(begin);
  bool overlaps = (next != ends.end() && next->first < begin + size) ||
                  (next != ends.begin() && std::prev(next)->second > begin);
  if (overlaps)
    damaged("datasets in it share the same bytes");
  ends.emplace(begin, begin + size);
}

void ReportReader::addAttribute(const std::string &path, const std::string &name,
                                AttributeValue value) {
  if (!content.attributes[path].emplace(name, std::move(value)).second)
    damaged("an attribute in it occurs twice");
}

void ReportReader::readText() {
  std::string path = takeText();
  std::string name = takeText();
  addAttribute(path, name, takeText());
}

void ReportReader::readTexts() {
  std::string path = takeText();
  std::string name = takeText();
  std::vector<std::string> texts;
  for (uint64_t count = take(wire.number()); count > 0; --count)
    texts.push_back(takeText());
  addAttribute(path, name, std::move(texts));
}

void ReportReader::readArrayAttribute() {
  std::string path = takeText();
  std::string name = takeText();
  std::vector<int64_t> shape;
  uint64_t size = 0;
  ElementFormat format = takeFormat(shape, size);
  if (take(wire.number()) != size)
    damaged("an attribute in it does not fill its shape");
  std::string where = fmt::format("{}: attribute '{}'", file, printable(name));
  addAttribute(path, name, decodeElements(where, format, shape, take(wire.bytes(size))));
}

} // namespace

Hdf5Content readHdf5Report(std::string_view file, std::span<const std::byte> image,
                           std::span<const std::byte> report, bool isTaken) {
  return ReportReader(file, image, report, isTaken).read();
}

} // namespace lamina::frontend
