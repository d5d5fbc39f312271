#include "slab.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

namespace airs {

// Lies right before a block's data. Zeroed memory is asked for, and aligned here, because systems hand out fresh
// pages zeroed already: those that nobody touches cost nothing.
struct alignas(Slab::kAlignment) SlabCache::Block {
  void* allocation;
  // The next free block of the same size.
  Block* next;
  SlabCache* cache;
  int size_class;

  uint8_t* data() noexcept { return reinterpret_cast<uint8_t*>(this + 1); }
  static Block* Of(uint8_t* data) noexcept { return reinterpret_cast<Block*>(data) - 1; }

  size_t size() const noexcept { return size_t{1} << size_class; }

  static Block* New(SlabCache* cache, int size_class) noexcept {
    const size_t size = (size_t{1} << size_class) + sizeof(Block) + Slab::kPadding + Slab::kAlignment;
    void* allocation = std::calloc(1, size);
    if (allocation == nullptr) return nullptr;
    const auto address = reinterpret_cast<uintptr_t>(allocation);
    const uintptr_t aligned = (address + Slab::kAlignment - 1) & ~uintptr_t{Slab::kAlignment - 1};
    return new (static_cast<uint8_t*>(allocation) + (aligned - address)) Block{allocation, nullptr, cache, size_class};
  }

  void Delete() noexcept { std::free(allocation); }
};

namespace {

constexpr int kLeastClass = 12;

// The power of two that holds `bytes` bytes.
int ClassOf(size_t bytes) noexcept {
  return std::max(kLeastClass, static_cast<int>(std::bit_width(std::max<size_t>(bytes, 1) - 1)));
}

}  // namespace

Slab Slab::Allocate(SlabCache& cache, size_t bytes) noexcept {
  const int size_class = ClassOf(bytes);
  if (size_class >= SlabCache::kClasses) return Slab(nullptr);
  SlabCache::Block* block = cache.Take(size_class);
  return Slab(block == nullptr ? nullptr : block->data());
}

Slab::~Slab() {
  if (data_ == nullptr) return;
  SlabCache::Block* block = SlabCache::Block::Of(data_);
  block->cache->Put(block);
}

SlabCache::Owner SlabCache::New() noexcept { return Owner(new (std::nothrow) SlabCache()); }

SlabCache::Block* SlabCache::Take(int size_class) noexcept {
  Block* block = free_[size_class];
  if (block == nullptr) {
    block = Block::New(this, size_class);
  } else {
    free_[size_class] = block->next;
    kept_ -= block->size();
  }
  if (block != nullptr) out_++;
  return block;
}

void SlabCache::Put(Block* block) noexcept {
  out_--;
  if (closed_ || block->size() > kLimit - kept_) {
    block->Delete();
    if (closed_ && out_ == 0) delete this;
    return;
  }
  block->next = free_[block->size_class];
  free_[block->size_class] = block;
  kept_ += block->size();
}

void SlabCache::Close() noexcept {
  closed_ = true;
  for (Block*& first : free_) {
    while (Block* block = first) {
      first = block->next;
      block->Delete();
    }
  }
  kept_ = 0;
  if (out_ == 0) delete this;
}

}  // namespace airs
