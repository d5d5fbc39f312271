#include "find.h"

#include <algorithm>

#include "container_end.h"
#include "escape.h"

namespace airs {
namespace {

// Short windows, so that a long string is soon known for one and searched for its end only.
constexpr size_t kWindow = size_t{16} << 10;

// Whether the string contents [key, end) are the step's key.
bool IsKey(const PointerStep& step, Bytes key, Bytes end) noexcept {
  const auto length = static_cast<size_t>(end - key);
  if (length == step.length && std::memcmp(key, step.key, length) == 0) {
    return !step.has_backslash || !HasBackslash(key, end);
  }
  // An escape is longer than what it stands for, by a factor of six at most.
  if (length <= step.length || length > 6 * step.length) return false;
  return HasBackslash(key, end) && DecodedEquals(key, end, step.key, step.length);
}

// The search goes down wherever a step matches and goes on behind the value, so that a later duplicate key
// forgets what an earlier one led to, at any depth, in one pass.
class Search {
 public:
  Search(Walk& walk, Pointer& pointer) noexcept
      : walk_(walk), cursor_(walk.stream.first()), steps_(pointer.steps()), count_(pointer.count()) {}

  bool Run() noexcept {
    const Bytes root = Next();
    if (root == nullptr) return false;
    if (count_ == 0) return Whole(root);
    return IsOpening(*root) && Descend(root) && Ends() && begin_ != nullptr;
  }

  Bytes begin() const noexcept { return begin_; }
  Bytes end() const noexcept { return end_; }

 private:
  Bytes Next() noexcept { return Take(cursor_, walk_.stream); }

  bool Ends() noexcept { return Next() == nullptr && !walk_.stream.failed(); }

  // Passes the value at `value`, and nothing behind it.
  bool Pass(Bytes value) noexcept {
    if (IsOpening(*value)) return Leave() != nullptr;
    return PassPlain<false>(value, walk_.end) != nullptr;
  }

  // Passes what is left of the container at hand; returns its closing bracket, or null. Tokens that are indexed are counted, the
  // text behind them is looked through for brackets only: that is twice as fast as to index it.
  Bytes Leave() noexcept {
    Cursor c = cursor_;
    uint64_t depth = 1;
    for (; *c.next < c.limit; c.next++) {
      const Bytes token = c.base + *c.next;
      if (IsOpening(*token)) depth++;
      if (IsClosing(*token) && --depth == 0) {
        c.next++;
        cursor_ = c;
        return token;
      }
    }
    TokenStream& stream = walk_.stream;
    if (!stream.more()) return nullptr;
    const Bytes close = ContainerEnd(stream.rest(), stream.end(), depth);
    if (close == nullptr) return nullptr;
    stream.Resume(close + 1);
    cursor_ = stream.first();
    return close;
  }

  bool Whole(Bytes root) noexcept {
    if (!Pass(root) || !Ends()) return false;
    begin_ = root;
    end_ = TokenEnd(root, walk_.end);
    return true;
  }

  PointerStep& step() noexcept { return steps_[level_]; }

  bool Closes(Bytes token) noexcept { return *token == static_cast<uint8_t>(step().in_object ? '}' : ']'); }

  // Whether no later element of the array at hand is meant.
  bool PassedIndex() noexcept { return !step().in_object && step().passed > step().index; }

  void Enter(Bytes bracket) noexcept {
    step().in_object = *bracket == '{';
    step().passed = 0;
  }

  // Goes from a member's first token to its value; tells in `matches` whether the step names it.
  Bytes ToValue(Bytes token, bool& matches) noexcept {
    if (!step().in_object) {
      matches = step().passed++ == step().index;
      return token;
    }
    if (*token != '"') return nullptr;
    const Bytes colon = Next();
    if (colon == nullptr || *colon != ':') return nullptr;
    matches = IsKey(step(), token + 1, TokenEnd(token, colon) - 1);
    return Next();
  }

  // Walks the container whose bracket is `root`, and those below it that the steps lead into.
  bool Descend(Bytes root) noexcept {
    Enter(root);
    Bytes token = Next();
    if (token == nullptr) return false;
    bool is_empty = Closes(token);
    for (;;) {
      if (!is_empty) {
        bool matches = false;
        const Bytes value = ToValue(token, matches);
        if (value == nullptr) return false;
        const bool is_last = level_ + 1 == count_;
        if (matches) begin_ = nullptr;
        if (matches && !is_last && IsOpening(*value)) {
          level_++;
          Enter(value);
          if ((token = Next()) == nullptr) return false;
          is_empty = Closes(token);
          continue;
        }
        if (!Pass(value) || (token = Next()) == nullptr) return false;
        if (matches && is_last) {
          begin_ = value;
          end_ = TokenEnd(value, token);
        }
      }
      is_empty = false;
      while (*token != ',' || PassedIndex()) {
        if (*token == ',' && (token = Leave()) == nullptr) return false;
        if (!Closes(token)) return false;
        if (level_ == 0) return true;
        level_--;
        if ((token = Next()) == nullptr) return false;
      }
      if ((token = Next()) == nullptr) return false;
    }
  }

  Walk& walk_;
  Cursor cursor_;
  PointerStep* steps_;
  size_t count_;
  size_t level_ = 0;
  Bytes begin_ = nullptr;
  Bytes end_ = nullptr;
};

}  // namespace

Status Find(TokenStream& stream, Nesting& nesting, Bytes text, size_t length, Pointer& pointer, bool& is_found,
            int32_t (&found)[2]) noexcept {
  is_found = false;
  if (!stream.Reserve(std::min(length, kWindow))) return Status::kOutOfMemory;
  stream.Open(text, text + length, kWindow, Trust::kAll);
  Walk walk{stream, nesting, text, text + length, text + length, true};
  Search search(walk, pointer);
  if (!search.Run()) return Status::kOk;
  is_found = true;
  found[0] = static_cast<int32_t>(search.begin() - text);
  found[1] = static_cast<int32_t>(search.end() - text);
  return Status::kOk;
}

}  // namespace airs
