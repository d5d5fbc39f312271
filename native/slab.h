// Memory for slabs: zeroed or recycled, aligned, and padded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace airs {

class SlabCache;

// The only owner of one block of memory. Destroying it gives the block back to the cache it is from, or to the
// system once that cache is closed.
class Slab {
 public:
  static constexpr size_t kAlignment = 64;
  // Bytes behind the capacity that are readable and writable too, for kernels that read whole vectors.
  static constexpr size_t kPadding = 64;

  // At least `bytes` bytes; an empty slab when memory ran out.
  static Slab Allocate(SlabCache& cache, size_t bytes) noexcept;
  // The slab that `handle`, from Release, stands for.
  static Slab Adopt(void* handle) noexcept { return Slab(static_cast<uint8_t*>(handle)); }

  Slab(Slab&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
  Slab(const Slab&) = delete;
  Slab& operator=(Slab&&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab();

  uint8_t* data() const noexcept { return data_; }
  // Gives up ownership for a handle, to be adopted once.
  [[nodiscard]] void* Release() noexcept {
    uint8_t* data = data_;
    data_ = nullptr;
    return data;
  }

 private:
  explicit Slab(uint8_t* data) noexcept : data_(data) {}

  uint8_t* data_;
};

// Free blocks by size, kept for the next slab of that size. Blocks that are out may come back after the environment
// that it was made for is gone, so it goes with the last of these. For one thread, which is why blocks are counted
// here: std::shared_ptr counts for several, and so asks the C library for a symbol that old ones lack.
class SlabCache {
 public:
  struct Closing {
    void operator()(SlabCache* cache) const noexcept { cache->Close(); }
  };
  using Owner = std::unique_ptr<SlabCache, Closing>;

  // Null when memory ran out.
  static Owner New() noexcept;
  SlabCache(const SlabCache&) = delete;
  SlabCache& operator=(const SlabCache&) = delete;

 private:
  friend class Slab;
  struct Block;

  // Most bytes kept.
  static constexpr size_t kLimit = size_t{32} << 20;
  static constexpr int kClasses = 32;

  SlabCache() noexcept = default;
  ~SlabCache() = default;

  // Frees all blocks; those that come back from here on are freed at once, and the last one takes the cache along.
  void Close() noexcept;
  Block* Take(int size_class) noexcept;
  void Put(Block* block) noexcept;

  Block* free_[kClasses] = {};
  size_t kept_ = 0;
  size_t out_ = 0;
  bool closed_ = false;
};

}  // namespace airs
