#include "engine/glitch.h"

#include <string.h>

void glitch_reset(struct glitch_log *log) { atomic_store_explicit(&log->written, 0, memory_order_release); }

int64_t glitch_add(struct glitch_log *log, int64_t frame, double time, int32_t kind, int64_t frames) {
  int64_t number = atomic_load_explicit(&log->written, memory_order_relaxed);
  struct glitch *entry = &log->entries[number % GLITCH_SLOTS];
  /* A reader copies first and reads `written` then: it discards an entry that is being overwritten. */
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&entry->frame, frame, memory_order_relaxed);
  atomic_store_explicit(&entry->time, time, memory_order_relaxed);
  atomic_store_explicit(&entry->kind, kind, memory_order_relaxed);
  atomic_store_explicit(&entry->frames, frames, memory_order_relaxed);
  atomic_store_explicit(&log->written, number + 1, memory_order_release);
  return number;
}

void glitch_extend(struct glitch_log *log, int64_t number, int64_t frames) {
  if (number + GLITCH_SLOTS < atomic_load_explicit(&log->written, memory_order_relaxed)) return; /* overwritten */
  struct glitch *entry = &log->entries[number % GLITCH_SLOTS];
  int64_t before = atomic_load_explicit(&entry->frames, memory_order_relaxed);
  atomic_store_explicit(&entry->frames, before + frames, memory_order_relaxed);
}

int32_t glitch_read(const struct glitch_log *log, double *glitches, int32_t count) {
  int64_t end = atomic_load_explicit(&log->written, memory_order_acquire);
  int64_t room = count < GLITCH_LOG_SIZE ? count : GLITCH_LOG_SIZE;
  int64_t first = end > room ? end - room : 0;
  for (int64_t i = first; i < end; i++) {
    const struct glitch *entry = &log->entries[i % GLITCH_SLOTS];
    double *to = glitches + 4 * (i - first);
    to[0] = (double)atomic_load_explicit(&entry->frame, memory_order_relaxed);
    to[1] = atomic_load_explicit(&entry->time, memory_order_relaxed);
    to[2] = atomic_load_explicit(&entry->kind, memory_order_relaxed);
    to[3] = (double)atomic_load_explicit(&entry->frames, memory_order_relaxed);
  }
  /* Entries that the callback has overwritten meanwhile are discarded. */
  atomic_thread_fence(memory_order_acquire);
  int64_t lost = atomic_load_explicit(&log->written, memory_order_relaxed) - GLITCH_LOG_SIZE - first;
  if (lost <= 0) return (int32_t)(end - first);
  if (lost > end - first) lost = end - first;
  memmove(glitches, glitches + 4 * lost, (size_t)(end - first - lost) * 4 * sizeof *glitches);
  return (int32_t)(end - first - lost);
}
