// Runs the scanner and find over built-in texts, all their truncations and seeded mutations of them, in several
// ways that must agree: windows and tables of all sizes.
//
// Prints one digest of all records: it must be the same whichever kernel simdjson uses. With a kernel's name as
// its argument it ends with status 2 unless that one is in use, and this machine has its instructions: simdjson
// takes what its environment variable names without asking for them.

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "scans.h"
#include "simdjson.h"

namespace {

using namespace airs_test;

constexpr size_t kFullWindow = airs::StructureIndex::kMaxWindow;
constexpr int kMutationsPerText = 200;
// Texts above this size are not truncated at every byte: they are made of shorter ones that are.
constexpr size_t kLong = 400;

class Random {
 public:
  uint32_t Below(uint32_t bound) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33) % bound;
  }

 private:
  uint64_t state_ = 20240607;
};

class Digest {
 public:
  void Add(const Record& record) {
    const auto bytes = reinterpret_cast<const unsigned char*>(&record);
    for (size_t n = 0; n < sizeof record; n++) value_ = (value_ ^ bytes[n]) * 0x100000001b3;
  }
  unsigned long long value() const { return value_; }

 private:
  unsigned long long value_ = 0xcbf29ce484222325;
};

struct Scanners {
  Scanner full{kFullWindow};
  Scanner tiny{8};
  Scanner odd{37};
  Scanner small{256};
};

void FindAll(Scanner& scanner, std::string_view text) {
  constexpr std::u16string_view kPointers[] = {u"",
                                               u"/params",
                                               u"/id",
                                               u"/result/0",
                                               u"/params/a~1b/0",
                                               u"/params/\u00e9\u4e2d",
                                               u"/0/id",
                                               u"/params/x/y/z",
                                               u"/params/\xd83d\xde00"};
  for (const std::u16string_view units : kPointers) {
    Check(FindOnce(scanner, text, units).error == airs::PointerError::kNone, "a pointer is read", text);
  }
}

void TryAll(Scanners& scanners, std::string_view text, Digest& digest) {
  for (const int32_t whole : {0, int32_t{airs::kWhole}}) {
    const Result strict = ScanAll(scanners.full, text, whole | airs::kStrict, 64);
    for (const Record& record : strict.records) digest.Add(record);
    for (Scanner* scanner : {&scanners.tiny, &scanners.odd, &scanners.small}) {
      Check(ScanAll(*scanner, text, whole | airs::kStrict, 64) == strict, "all windows agree", text);
    }
    for (const uint32_t room : {1u, 2u, 3u}) {
      Check(ScanAll(scanners.full, text, whole | airs::kStrict, room) == strict, "all tables agree", text);
    }
    const Result loose = ScanAll(scanners.full, text, whole, 64);
    (void)ScanAll(scanners.tiny, text, whole, 3);
    (void)ScanAll(scanners.odd, text, whole, 64);
    if (strict.has_only_json()) Check(loose == strict, "both modes agree on a good text", text);
  }
  FindAll(scanners.full, text);
}

std::vector<std::string> Texts() {
  const std::string call = R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":)"
                           R"({"a/b":[1,-2.5e+3,true,false,null],"x":{"y":{"z":""}}}})";
  std::vector<std::string> texts = {
      call,
      R"({"jsonrpc":"2.0","id":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800","method":"m\u0041"})",
      R"({"\u006a\u0073onrpc":"\u0032.0","\u0069d":-12,"result":[[],{},[{}],"",0]})",
      R"({"jsonrpc":"2.0","id":1.5e300,"error":{"code":-32000,"message":"no","data":"\u4e2d"}})",
      R"({"jsonrpc":"2.0","id":null,"id":3,"method":1,"method":"last","params":[]})",
      "{\"params\":{\"\xc3\xa9\xe4\xb8\xad\":1,\"\xf0\x9f\x98\x80\":[2]},\"jsonrpc\":\"2.0\",\"method\":\"\xe4\xb8\xad\"}",
      " \t{ \"jsonrpc\" : \"2.0\" , \"id\" : 0 , \"result\" : \"x\" } \r",
      "[" + call + ",1,\"two\",[3]]",
      "[{},{},{},{},{}]",
      "[]",
      "[ ]",
      "\"only\\u0020text\"",
      "-0.0E-1",
      "null",
      "not json",
      "1\"a\"",
      "{\"a\":tru,\"b\":\"\\x\"}",
      "\"raw \x01 control\"",
      "\xef\xbb\xbf{}",
      "\"\xed\xa0\x80\xff\"",
      "\"tail\\\n\"next\"",
      "",
      " ",
      "\r",
  };
  const std::string answer = "{\"jsonrpc\":\"2.0\",\"id\":";
  texts.push_back(answer + "2,\"result\":\"" + std::string(300, 'A') + "\\\\\\\"" + std::string(70, '\\') + "n\"}");
  texts.push_back(answer + std::string(90, '9') + ",\"result\":" + std::string(130, ' ') + "-1." + std::string(80, '3') + "}");
  texts.push_back(std::string(200, '[') + "0" + std::string(200, ']'));
  std::string lines;
  for (const std::string& text : texts) lines += text + (lines.size() % 2 == 0 ? "\n" : "\r\n");
  texts.push_back(lines + "{\"rest");
  return texts;
}

std::string Mutate(std::string text, Random& random) {
  constexpr std::string_view kBytes = "{}[]:,\"\"\"\\\\ \t\r\n0129-+.eEutrfalsn/\x01\x80\xc3\xe4\xf0\xff";
  for (uint32_t left = 1 + random.Below(3); left > 0; left--) {
    const uint32_t size = static_cast<uint32_t>(text.size());
    const uint32_t at = random.Below(size + 1);
    const char byte = kBytes[random.Below(static_cast<uint32_t>(kBytes.size()))];
    switch (random.Below(4)) {
      case 0:
        if (at < size) text[at] = byte;
        break;
      case 1:
        text.insert(at, 1, byte);
        break;
      case 2:
        text.erase(at, 1 + random.Below(3));
        break;
      default:
        text.insert(at, text.substr(random.Below(size + 1), random.Below(20)));
    }
  }
  return text;
}

// A text of the depth that JSON.parse still accepts, and one past all windows in one string and one number.
void TryGiants(Scanners& scanners, Digest& digest) {
  constexpr size_t kDepth = 100000;
  const std::string begin = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":";
  const std::string deep = begin + std::string(kDepth, '[') + std::string(kDepth, ']') + "}\n";
  std::string long_string = begin + "[\"";
  for (int n = 0; n < 20000; n++) long_string += "\\\"\xe4\xb8\xad\\u0041 text";
  long_string += "\"," + std::string(50000, '7') + "," + std::string(50000, ' ') + "{}]}\n";
  for (const std::string& text : {deep, long_string}) {
    for (Scanner* scanner : {&scanners.full, &scanners.tiny, &scanners.odd, &scanners.small}) {
      const Result result = ScanAll(*scanner, text, airs::kStrict, 4);
      Check(result.records.size() == 1 && result.records[0].kind == airs::Kind::kResponse, "a giant is read");
      digest.Add(result.records[0]);
    }
    FindAll(scanners.full, std::string_view(text).substr(0, text.size() - 1));
  }
}

bool IsInUse(const char* kernel) {
  const simdjson::implementation* found = simdjson::get_available_implementations()[kernel];
  return found != nullptr && found->supported_by_runtime_system() && std::strcmp(airs::KernelName(), kernel) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && !IsInUse(arguments[1])) return 2;
  Scanners scanners;
  Digest digest;
  Random random;
  for (const std::string& text : Texts()) {
    for (size_t size = 0; size <= text.size(); size += text.size() > kLong ? 7u : 1u) {
      const std::string part = text.substr(0, size);
      TryAll(scanners, part, digest);
      TryAll(scanners, part + "\n", digest);
    }
    for (int n = 0; n < kMutationsPerText; n++) TryAll(scanners, Mutate(text, random) + "\n", digest);
  }
  TryGiants(scanners, digest);
  std::printf("%016llx\n", digest.value());
  return 0;
}
