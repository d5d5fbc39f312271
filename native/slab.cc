#include "slab.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

namespace airs {

// Lies right before a block's data. Zeroed memory is asked for, and aligned here, because systems hand out fresh
// pages zeroed already: those that nobody touches cost nothing.
struct alignas(Slab::kAlignment) SlabCache::Block {
  void* allocation;
  // The next free block of the same size.
  Block* next;
  // Set while the block is out, and only then: a cache that owned itself through its blocks would never go.
  std::shared_ptr<SlabCache> cache;
  int size_class;

  uint8_t* data() noexcept { return reinterpret_cast<uint8_t*>(this + 1); }
  static Block* Of(uint8_t* data) noexcept { return reinterpret_cast<Block*>(data) - 1; }

  size_t size() const noexcept { return size_t{1} << size_class; }

  static Block* New(int size_class) noexcept {
    const size_t size = (size_t{1} << size_class) + sizeof(Block) + Slab::kPadding + Slab::kAlignment;
    void* allocation = std::calloc(1, size);
    if (allocation == nullptr) return nullptr;
    const auto address = reinterpret_cast<uintptr_t>(allocation);
    const uintptr_t aligned = (address + Slab::kAlignment - 1) & ~uintptr_t{Slab::kAlignment - 1};
    return new (reinterpret_cast<void*>(aligned)) Block{allocation, nullptr, nullptr, size_class};
  }

  void Delete() noexcept {
    void* memory = allocation;
    this->~Block();
    std::free(memory);
  }
};

namespace {

constexpr int kLeastClass = 12;

// The power of two that holds `bytes` bytes.
int ClassOf(size_t bytes) noexcept {
  return std::max(kLeastClass, static_cast<int>(std::bit_width(std::max<size_t>(bytes, 1) - 1)));
}

}  // namespace

Slab Slab::Allocate(const std::shared_ptr<SlabCache>& cache, size_t bytes) noexcept {
  const int size_class = ClassOf(bytes);
  if (size_class >= SlabCache::kClasses) return Slab(nullptr);
  SlabCache::Block* block = cache->Take(size_class);
  if (block == nullptr) block = SlabCache::Block::New(size_class);
  if (block == nullptr) return Slab(nullptr);
  block->cache = cache;
  return Slab(block->data());
}

Slab::~Slab() {
  if (data_ == nullptr) return;
  SlabCache::Block* block = SlabCache::Block::Of(data_);
  const std::shared_ptr<SlabCache> cache = std::move(block->cache);
  cache->Put(block);
}

SlabCache::Block* SlabCache::Take(int size_class) noexcept {
  Block* block = free_[size_class];
  if (block == nullptr) return nullptr;
  free_[size_class] = block->next;
  block->next = nullptr;
  kept_ -= block->size();
  return block;
}

void SlabCache::Put(Block* block) noexcept {
  if (closed_ || block->size() > kLimit - kept_) {
    block->Delete();
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
}

}  // namespace airs
