#pragma once

/// LAMINA_SANITIZED is defined in builds with the address, memory or thread sanitizer: they have an
/// allocator of their own, need address space and file descriptors, and are several times slower.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define LAMINA_SANITIZED 1
#endif
#endif
