// What the hardware and simdjson alone do with the same bytes: the limits that the benchmarks are held against.
//
// Reads requests from standard input, one per line, and answers each with a line.
//
//     time WORK MS FILE     nanoseconds for one pass over the file's lines, the median of passes over MS milliseconds
//     memory WORK FILE      bytes that WORK allocated for one pass, in a process that did nothing else
//     pair KIND SIZE MS     nanoseconds for one round trip to a child process: 140 bytes there, SIZE bytes back;
//                           KIND is `pipe` (1 MiB of capacity where the system gives it) or `socketpair`

#include <fcntl.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "record.h"
#include "scan.h"
#include "simdjson.h"

namespace {

using Clock = std::chrono::steady_clock;
using Pass = std::function<uint64_t()>;

[[noreturn]] void Fail(const std::string& why) {
  std::fprintf(stderr, "limits: %s\n", why.c_str());
  std::exit(1);
}

struct Input {
  std::string bytes;
  size_t size;
};

const Input& Read(const std::string& path) {
  static std::map<std::string, Input> inputs;
  auto [place, fresh] = inputs.try_emplace(path);
  if (fresh) {
    std::ifstream file(path, std::ios::binary);
    if (!file) Fail("cannot read " + path);
    Input& input = place->second;
    input.bytes.assign(std::istreambuf_iterator<char>(file), {});
    input.size = input.bytes.size();
    input.bytes.append(simdjson::SIMDJSON_PADDING, ' ');
  }
  return place->second;
}

template <typename Take>
void EachLine(const Input& input, Take take) {
  const char* const end = input.bytes.data() + input.size;
  for (const char* start = input.bytes.data(); start < end;) {
    const char* line_feed = static_cast<const char*>(std::memchr(start, '\n', end - start));
    if (line_feed == nullptr) line_feed = end;
    take(start, static_cast<size_t>(line_feed - start));
    start = line_feed + 1;
  }
}

// Kind, id, method and the payload's bytes of a line, each member visited once.
uint64_t Route(simdjson::ondemand::parser& parser, const char* line, size_t length) {
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  const simdjson::padded_string_view view(line, length, length + simdjson::SIMDJSON_PADDING);
  if (parser.iterate(view).get(document) || document.get_object().get(object)) Fail("on-demand refuses the line");
  uint64_t found = 0;
  for (auto field : object) {
    std::string_view key, value;
    if (field.escaped_key().get(key)) Fail("no key");
    simdjson::ondemand::value token = field.value().value_unsafe();
    if (key == "params" || key == "result" || key == "error") {
      if (token.raw_json().get(value)) Fail("no payload");
    } else {
      value = token.raw_json_token();
    }
    found += value.size();
  }
  if (!document.at_end()) Fail("more behind the line");
  return found;
}

Pass OnDemand(const Input& input) {
  auto parser = std::make_shared<simdjson::ondemand::parser>();
  return [parser, &input] {
    uint64_t sum = 0;
    EachLine(input, [&](const char* line, size_t length) { sum += Route(*parser, line, length); });
    return sum;
  };
}

Pass Dom(const Input& input) {
  auto parser = std::make_shared<simdjson::dom::parser>();
  return [parser, &input] {
    uint64_t sum = 0;
    EachLine(input, [&](const char* line, size_t length) {
      simdjson::dom::element element;
      if (parser->parse(line, length, false).get(element)) Fail("the DOM parser refuses the line");
      sum += element.is_object();
    });
    return sum;
  };
}

Pass Scan(const Input& input, int32_t flags) {
  constexpr uint32_t kRoom = 64;
  auto scanner = std::make_shared<airs::Scanner>();
  auto table = std::make_shared<std::vector<int32_t>>((kRoom + 1) * airs::kRecordInts);
  return [=, &input] {
    auto& control = *reinterpret_cast<airs::Control*>(table->data());
    control.start = control.search = 0;
    control.end = static_cast<int32_t>(input.size);
    control.flags = flags;
    control.max_message = 512 << 20;
    control.max_batch = 10'000;
    uint64_t count = 0;
    do {
      if (scanner->Scan(reinterpret_cast<airs::Bytes>(input.bytes.data()), table->data(), kRoom) != airs::Status::kOk) Fail("no memory");
      count += control.count;
      control.start = control.search = control.consumed;
    } while (control.more != 0);
    if (count == 0) Fail("the scan found nothing");
    return count;
  };
}

Pass Copy(const Input& input) {
  auto copy = std::make_shared<std::string>(input.bytes);
  return [copy, &input] {
    std::memcpy(copy->data(), input.bytes.data(), input.size);
    // The copy must be made: the compiler may not know that nobody reads it.
    asm volatile("" : : "r"(copy->data()) : "memory");
    return static_cast<uint64_t>((*copy)[0]);
  };
}

Pass PassOf(const std::string& work, const Input& input) {
  if (work == "ondemand") return OnDemand(input);
  if (work == "dom") return Dom(input);
  if (work == "scan") return Scan(input, airs::kStrict);
  if (work == "scan-loose") return Scan(input, 0);
  if (work == "memcpy") return Copy(input);
  Fail("no work called " + work);
}

double Nanoseconds(Clock::duration taken) { return std::chrono::duration<double, std::nano>(taken).count(); }

template <typename Work>
double Median(int ms, Work work) {
  work();
  std::vector<double> taken;
  const auto until = Clock::now() + std::chrono::milliseconds(ms);
  do {
    const auto began = Clock::now();
    work();
    taken.push_back(Nanoseconds(Clock::now() - began));
  } while (Clock::now() < until || taken.size() < 5);
  std::nth_element(taken.begin(), taken.begin() + taken.size() / 2, taken.end());
  return taken[taken.size() / 2];
}

double Time(const std::string& work, int ms, const std::string& path) {
  static std::map<std::string, Pass> passes;
  auto [place, fresh] = passes.try_emplace(work + " " + path);
  if (fresh) place->second = PassOf(work, Read(path));
  static volatile uint64_t sink = 0;
  return Median(ms, [&pass = place->second] { sink = pass(); });
}

double Allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

double Memory(const std::string& work, const std::string& path) {
  const Input& input = Read(path);
  const double before = Allocated();
  const Pass pass = PassOf(work, input);
  pass();
  return Allocated() - before;
}

bool Move(ssize_t (*move)(int, char*, size_t), int fd, char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t moved = move(fd, bytes, count);
    if (moved <= 0) return false;
    bytes += moved;
    count -= static_cast<size_t>(moved);
  }
  return true;
}

ssize_t ReadSome(int fd, char* bytes, size_t count) { return read(fd, bytes, count); }
ssize_t WriteSome(int fd, char* bytes, size_t count) { return write(fd, bytes, count); }

constexpr size_t kRequest = 140;

void Connect(const std::string& kind, int* ours, int* theirs) {
  if (kind == "socketpair") {
    int there[2], back[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, there) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, back) != 0) Fail("no socketpair");
    ours[0] = back[0], ours[1] = there[1], theirs[0] = there[0], theirs[1] = back[1];
    return;
  }
  int there[2], back[2];
  if (pipe(there) != 0 || pipe(back) != 0) Fail("no pipe");
#ifdef F_SETPIPE_SZ
  for (const int fd : {there[1], back[1]}) static_cast<void>(fcntl(fd, F_SETPIPE_SZ, 1 << 20));
#endif
  ours[0] = back[0], ours[1] = there[1], theirs[0] = there[0], theirs[1] = back[1];
}

double Pair(const std::string& kind, size_t size, int ms) {
  int ours[2], theirs[2];
  Connect(kind, ours, theirs);
  std::string request(kRequest, 'r'), answer(size, 'a');
  const pid_t child = fork();
  if (child == 0) {
    close(ours[0]), close(ours[1]);
    while (Move(ReadSome, theirs[0], request.data(), kRequest) && Move(WriteSome, theirs[1], answer.data(), size)) continue;
    _exit(0);
  }
  close(theirs[0]), close(theirs[1]);
  const double median = Median(ms, [&] {
    if (!Move(WriteSome, ours[1], request.data(), kRequest) || !Move(ReadSome, ours[0], answer.data(), size)) Fail("the child is gone");
  });
  close(ours[0]), close(ours[1]);
  waitpid(child, nullptr, 0);
  return median;
}

double Answer(const std::string& line) {
  std::istringstream words(line);
  std::string verb, work, path;
  int ms = 0;
  size_t size = 0;
  words >> verb >> work;
  if (verb == "time" && words >> ms >> path) return Time(work, ms, path);
  if (verb == "memory" && words >> path) return Memory(work, path);
  if (verb == "pair" && words >> size >> ms) return Pair(work, size, ms);
  Fail("not understood: " + line);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) std::cout << std::fixed << Answer(line) << std::endl;
}
