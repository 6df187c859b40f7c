/* libsndfile's virtual I/O, with a bound on the work of opening a file. Some of its parsers never end for a damaged
 * header, or when the system fails to read, and take more and more memory; they cannot be told to stop. Such a parser
 * is left by a jump out of its next call for bytes; what memory it has is lost. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "file/file_error.h"
#include "file/sndfile/sound.h"
#include "os/os.h"
#include "pastream.h"

#define BARREN_MOST 20000  /* calls in a row, or nearly, that bring no byte */
#define CALLS_MOST 1000000 /* and one for each of some bytes of the file */
#define BYTES_PER_CALL 16
#define CALLS_AFTER_FAILURE 1000

struct guard {
  jmp_buf leave;
  int64_t calls, most, barren;
};

/* libsndfile keeps the reason of a failed open in one place for all threads, from its last call for bytes until the
 * open returns (but for a codec that then writes an end). So only one thread at a time is in a parser, and none while
 * its medium waits for a pipe or a disk. */
static struct os_mutex open_lock = OS_MUTEX_INIT;

void sndfile_open_lock(void) { os_mutex_lock(&open_lock); }
void sndfile_open_unlock(void) { os_mutex_unlock(&open_lock); }

/* Around each call of the medium. */
static struct medium *leave_parser(const struct sndfile_sound *sound) {
  if (sound->guard) sndfile_open_unlock();
  return sound->sound.medium;
}

static int64_t back_in_parser(const struct sndfile_sound *sound, int64_t result) {
  if (sound->guard) sndfile_open_lock();
  return result;
}

/* Before each call of a parser. */
static void watch(struct sndfile_sound *sound) {
  struct guard *guard = sound->guard;
  if (!guard) return;
  int failed = sound->sound.medium->error != 0;
  if (failed && guard->most > guard->calls + CALLS_AFTER_FAILURE) guard->most = guard->calls + CALLS_AFTER_FAILURE;
  if (++guard->calls > guard->most || ++guard->barren > BARREN_MOST) longjmp(guard->leave, 1);
}

static int64_t get_length(void *argument) {
  struct sndfile_sound *sound = argument;
  watch(sound);
  struct medium *medium = leave_parser(sound);
  return back_in_parser(sound, medium->type->io.get_file_length(medium));
}

static int64_t seek(int64_t offset, int whence, void *argument) {
  struct sndfile_sound *sound = argument;
  watch(sound);
  struct medium *medium = leave_parser(sound);
  return back_in_parser(sound, medium->type->io.seek(offset, whence, medium));
}

static int64_t read_bytes(void *data, int64_t bytes, void *argument) {
  struct sndfile_sound *sound = argument;
  watch(sound);
  struct medium *medium = leave_parser(sound);
  int64_t done = back_in_parser(sound, medium->type->io.read(data, bytes, medium));
  if (sound->guard && done > 0) sound->guard->barren -= sound->guard->barren > 2 ? 2 : sound->guard->barren;
  return done;
}

static int64_t tell(void *argument) {
  struct sndfile_sound *sound = argument;
  watch(sound);
  return sound->sound.medium->type->io.tell(sound->sound.medium);
}

/* Notes where the chunks of an AIFF header are that is being written. */
static void note_aiff(struct sndfile_sound *sound, const unsigned char *header, int64_t bytes) {
  for (int64_t at = 12; at + 8 <= bytes;) {
    if (memcmp(header + at, "COMM", 4) == 0) sound->aiff_comm = at;
    if (memcmp(header + at, "SSND", 4) == 0) sound->aiff_ssnd = at;
    int64_t size = (int64_t)header[at + 4] << 24 | header[at + 5] << 16 | header[at + 6] << 8 | header[at + 7];
    at += 8 + size + (size & 1);
  }
}

static int64_t write_bytes(const void *data, int64_t bytes, void *argument) {
  struct sndfile_sound *sound = argument;
  watch(sound);
  if (bytes > 20 && memcmp(data, "FORM", 4) == 0 && tell(sound) == 0) note_aiff(sound, data, bytes);
  struct medium *medium = leave_parser(sound);
  return back_in_parser(sound, medium->type->io.write(data, bytes, medium));
}

/* Apart from the caller of setjmp, so that no variable of it is lost by the jump. */
static struct sndfile *open_watched(struct sndfile_sound *sound, int access, struct sf_info *info) {
  static struct medium_io io = {get_length, seek, read_bytes, write_bytes, tell};
  if (setjmp(sound->guard->leave)) {
    file_error(sound->sound.name, 0, "the header is damaged: libsndfile cannot read to its end");
    return NULL;
  }
  struct sndfile *handle = sndfile.open_virtual(&io, access, info, sound);
  if (!handle) file_error(sound->sound.name, sndfile.error(NULL), sndfile.error_text(NULL));
  return handle;
}

struct sndfile *sndfile_open_guarded(struct sndfile_sound *sound, int access, struct sf_info *info) {
  int64_t length = sound->sound.medium->type->seekable ? get_length(sound) : 0;
  sound->guard = calloc(1, sizeof *sound->guard);
  if (!sound->guard) {
    error_set(PS_ERR_MEMORY, 0, NULL);
    return NULL;
  }
  sound->guard->most = CALLS_MOST + (length > 0 ? length / BYTES_PER_CALL : 0);
  sndfile_open_lock();
  struct sndfile *handle = open_watched(sound, access, info);
  sndfile_open_unlock();
  free(sound->guard);
  sound->guard = NULL;
  return handle;
}
