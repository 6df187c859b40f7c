/* Sound files whose bytes arrive piece by piece, and what bytes are by how they begin. */
#include "file/file.h"
#include "file/state.h"
#include "files.h"
#include "os/os.h"
#include "random.h"
#include "test.h"

#define FRAMES 20000
#define ROOM (FRAMES + 5000)

static int16_t samples[2 * FRAMES], whole[2 * ROOM], back[2 * ROOM];
static double info[PS_FILE_INFO_SIZE];
static struct random rng;

/* The bytes of a file of this format; how many. */
static unsigned char bytes[8 * ROOM];
static int32_t make(int32_t format) {
  file_info(info, format, 2, 48000);
  int32_t file = ps_file_open_memory(NULL, 0, PS_MODE_WRITE, info, PS_FILE_INFO_SIZE);
  CHECK_EQUAL(ps_file_write(file, samples, FRAMES, PS_FORMAT_INT16), FRAMES);
  CHECK_EQUAL(ps_file_finish(file), PS_OK);
  int32_t size = ps_file_bytes(file, 0, bytes, sizeof bytes);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  return size;
}

/* Frames of these bytes, which are all at hand, in `whole`. */
static int32_t read_whole(int32_t size) {
  int32_t file = ps_file_open_memory(bytes, size, PS_MODE_READ, info, PS_FILE_INFO_SIZE), total = 0, count;
  while (total < ROOM && (count = ps_file_read(file, whole + 2 * total, ROOM - total, PS_FORMAT_INT16)) > 0)
    total += count;
  ps_file_close(file);
  return total;
}

/* ------------------------------------------------------------------ bringing */

struct bringer {
  struct os_thread thread;
  int32_t incoming, size, most, cut_off;
  _Atomic int32_t in_flight; /* the most bytes that waited */
};

static void bring(void *argument) {
  struct bringer *bringer = argument;
  for (int32_t done = 0; done < bringer->size;) {
    int32_t piece = (int32_t)random_between(&rng, 1, bringer->most);
    if (piece > bringer->size - done) piece = bringer->size - done;
    int32_t count = ps_incoming_write(bringer->incoming, bytes + done, piece);
    if (!CHECK(count >= 0)) break;
    done += count;
    int32_t waiting = ps_incoming_waiting(bringer->incoming);
    if (waiting > bringer->in_flight) bringer->in_flight = waiting;
    if (count < piece) os_sleep(0.0005);
  }
  CHECK_EQUAL(ps_incoming_end(bringer->incoming, bringer->cut_off), PS_OK);
}

static int32_t opened(int32_t incoming) {
  int32_t file;
  while ((file = ps_incoming_opened(incoming)) == PS_ERR_PENDING) os_sleep(0.0005);
  return file;
}

/* Opens what a thread brings of `bytes` through a room of `room` bytes. */
static int32_t begin(struct bringer *bringer, int32_t room) {
  memset(info, 0, sizeof info);
  info[PS_FILE_COMPRESSION_LEVEL] = info[PS_FILE_BITRATE_MODE] = -1;
  bringer->in_flight = 0;
  bringer->incoming = ps_incoming_new(room);
  CHECK(bringer->incoming > 0);
  CHECK_EQUAL(ps_incoming_open(bringer->incoming, "sound", info, PS_FILE_INFO_SIZE), PS_OK);
  os_thread_start(&bringer->thread, "brings", OS_THREAD_NORMAL, bring, bringer);
  return opened(bringer->incoming);
}

static void end(struct bringer *bringer, int32_t file) {
  os_thread_join(&bringer->thread);
  if (file > 0) CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_incoming_free(bringer->incoming), PS_OK);
}

/* Frames read into `back`; `last` is what the read after them returned. */
static int32_t read_all(int32_t file, int32_t *last) {
  int32_t total = 0;
  while (total < ROOM - 777 && (*last = ps_file_read(file, back + 2 * total, 777, PS_FORMAT_INT16)) > 0) total += *last;
  return total;
}

struct kind {
  const char *name;
  int32_t word;
};
static const struct kind kinds[] = {
    {"wav", SF_WAV | 2},
    {"flac", SF_FLAC | 2},
    {"ogg", SF_OGG | SF_VORBIS},
    {"opus", SF_OGG | SF_OPUS},
    {"mp3", SF_MPEG | SF_MPEG_LAYER_III},
    {"aiff", SF_AIFF | 2},
    {"caf", SF_CAF | 2},
    {"voc", SF_VOC | 2},
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

TEST(all_frames_come) {
  for (int i = 0; i < KINDS; i++) {
    int32_t size = make(kinds[i].word), frames = read_whole(size), last;
    int32_t mosts[] = {1, 100, 4001}, rooms[] = {1, 1000, 65536};
    for (int j = i == 1 ? 0 : 1; j < 3; j++) {
      struct bringer bringer = {.size = size, .most = mosts[j]};
      int32_t file = begin(&bringer, rooms[j]);
      int right = CHECK(file > 0) && CHECK_EQUAL(read_all(file, &last), frames) && CHECK_EQUAL(last, 0);
      right = right && CHECK(memcmp(back, whole, 4 * (size_t)frames) == 0);
      if (!right) file_error_has("?"), printf("# %s, pieces of %d\n", kinds[i].name, (int)mosts[j]);
      end(&bringer, file);
      CHECK(bringer.in_flight <= rooms[j]);
    }
  }
}

/* All that a file of the cut bytes would give comes first, and then an error with the frame. */
TEST(what_is_cut_off) {
  for (int i = 0; i < KINDS; i++) {
    int32_t size = make(kinds[i].word), last;
    read_whole(size);
    struct bringer bringer = {.size = size / 2, .most = 4001, .cut_off = 1};
    int32_t file = begin(&bringer, 65536);
    if ((kinds[i].word & SF_MAJOR_MASK) == SF_OGG) { /* it has one page */
      if (file > 0) CHECK_EQUAL(read_all(file, &last), 0);
      CHECK_EQUAL(file > 0 ? last : file, PS_ERR_SOUNDFILE);
      CHECK(file_error_has(file > 0 ? "cut off: it ends at frame 0" : "cut off: it ends before its first frame"));
    } else {
      char text[80];
      int32_t frames = read_all(file, &last);
      snprintf(text, sizeof text, "sound: the sound is cut off: it ends at frame %d", (int)frames);
      int right = CHECK_EQUAL(last, PS_ERR_SOUNDFILE) && CHECK(file_error_has(text));
      right &= CHECK(memcmp(back, whole, 4 * (size_t)frames) == 0);
      right &= CHECK(frames > FRAMES / 4);
      if (!right) printf("# %s\n", kinds[i].name);
    }
    end(&bringer, file);
  }
}

/* The bytes end as if that were right, but the header has promised more. */
TEST(what_ends_too_early) {
  static const int32_t words[] = {SF_WAV | 2, SF_FLAC | 2, SF_AIFF | 2, SF_AU | 2, SF_CAF | 2, SF_W64 | 2};
  for (int i = 0; i < 6; i++) {
    int32_t last;
    struct bringer bringer = {.size = make(words[i]) / 2, .most = 4001};
    int32_t file = begin(&bringer, 65536), frames = read_all(file, &last);
    CHECK(frames > FRAMES / 4 && frames < FRAMES);
    CHECK_EQUAL(last, PS_ERR_SOUNDFILE);
    CHECK(file_error_has("of 20000"));
    end(&bringer, file);
  }
}

/* A WAV file of unknown length, as programs write it into a pipe, is as long as what comes. */
TEST(unknown_lengths) {
  static const uint32_t lengths[] = {0, 0xFFFFFFFF, 0x7FFFFFFF - 36, 0x7FFFF000};
  for (int i = 0; i < 4; i++) {
    int32_t size = make(SF_WAV | 2), last;
    memcpy(bytes + 4, &(uint32_t){lengths[i] ? lengths[i] : 0}, 4);
    memcpy(bytes + 40, &lengths[i], 4);
    struct bringer bringer = {.size = size, .most = 4001};
    int32_t file = begin(&bringer, 65536);
    CHECK_EQUAL(read_all(file, &last), FRAMES);
    CHECK_EQUAL(last, 0);
    end(&bringer, file);
  }
}

TEST(what_is_no_sound) {
  struct bringer nothing = {.size = 0, .most = 1};
  CHECK_EQUAL(begin(&nothing, 100), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("there are no bytes"));
  CHECK_EQUAL(ps_incoming_opened(nothing.incoming), PS_ERR_SOUNDFILE); /* as often as it is asked */
  end(&nothing, 0);
  memset(bytes, 'x', 1000);
  memcpy(bytes + 4, "ftypM4A ", 8);
  struct bringer m4a = {.size = 1000, .most = 10};
  CHECK_EQUAL(begin(&m4a, 1000), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("MP4"));
  os_thread_join(&m4a.thread);
  CHECK_EQUAL(ps_incoming_free(m4a.incoming), PS_OK);
}

/* --------------------------------------------------------------------- ends */

/* Nothing is stuck, and nothing stays, wherever it is given up. */
TEST(given_up) {
  int32_t handles = ps_handle_count(), size = make(SF_FLAC | 2);
  for (int32_t had = 0; had < 3; had++) { /* nothing, a part of the header, some sound */
    memset(info, 0, sizeof info);
    int32_t incoming = ps_incoming_new(65536);
    CHECK_EQUAL(ps_incoming_open(incoming, "sound", info, PS_FILE_INFO_SIZE), PS_OK);
    CHECK_EQUAL(ps_incoming_open(incoming, "sound", info, PS_FILE_INFO_SIZE), PS_ERR_STATE);
    CHECK_EQUAL(ps_incoming_write(incoming, bytes, had == 2 ? 20000 : 20 * had), had == 2 ? 20000 : 20 * had);
    os_sleep(0.02);
    CHECK_EQUAL(ps_incoming_free(incoming), PS_OK);
    CHECK_EQUAL(ps_incoming_free(incoming), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_incoming_write(incoming, bytes, 1), PS_ERR_HANDLE);
    CHECK_EQUAL(ps_incoming_opened(incoming), PS_ERR_HANDLE);
  }
  CHECK_EQUAL(ps_handle_count(), handles);
  /* A file that outlives who brings its bytes is cut off. */
  struct bringer bringer = {.size = size, .most = 4001, .cut_off = 1};
  int32_t file = begin(&bringer, sizeof bytes), last;
  CHECK_EQUAL(ps_incoming_opened(bringer.incoming), PS_ERR_STATE);
  os_thread_join(&bringer.thread);
  CHECK_EQUAL(ps_incoming_free(bringer.incoming), PS_OK);
  CHECK_EQUAL(read_all(file, &last), FRAMES);
  CHECK_EQUAL(last, PS_ERR_SOUNDFILE);
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_handle_count(), handles);
}

static int32_t reading, read_result;
static void reads(void *argument) {
  (void)argument;
  read_result = ps_file_read(reading, back, FRAMES, PS_FORMAT_INT16);
}

/* Opens what has come of a WAV file: 1000 frames, after which a read waits. */
static int32_t open_unended(int32_t *incoming, int32_t room) {
  make(SF_WAV | 2);
  memset(info, 0, sizeof info);
  *incoming = ps_incoming_new(room);
  CHECK_EQUAL(ps_incoming_open(*incoming, "sound", info, PS_FILE_INFO_SIZE), PS_OK);
  CHECK_EQUAL(ps_incoming_write(*incoming, bytes, 44 + 4000), 44 + 4000);
  return opened(*incoming);
}

TEST(who_brings_is_woken_when_half_of_the_room_is_free) {
  int32_t incoming, waker = ps_waker_new(), file = open_unended(&incoming, 8000), brought = 44 + 4000;
  CHECK_EQUAL(ps_file_read(file, back, 1000, PS_FORMAT_INT16), 1000);
  CHECK_EQUAL(ps_wake(incoming, waker, PS_WAKE_CHANGE, 0), 0);
  for (int round = 0; round < 3; round++) {
    brought += ps_incoming_write(incoming, bytes + brought, 8001);
    CHECK_EQUAL(ps_incoming_waiting(incoming), 8000);
    CHECK_EQUAL(ps_file_read(file, back, 999, PS_FORMAT_INT16), 999);
    CHECK_EQUAL(ps_waker_next(waker), 0);
    CHECK_EQUAL(ps_file_read(file, back, 1, PS_FORMAT_INT16), 1);
    CHECK_EQUAL(ps_incoming_waiting(incoming), 4000);
    CHECK_EQUAL(ps_waker_wait(waker, 10), 1);
    CHECK_EQUAL(ps_waker_next(waker), incoming);
    CHECK_EQUAL(ps_waker_next(waker), 0);
    CHECK_EQUAL(ps_file_read(file, back, 1000, PS_FORMAT_INT16), 1000);
    CHECK_EQUAL(ps_waker_next(waker), 0);
  }
  CHECK_EQUAL(ps_file_close(file), PS_OK);
  CHECK_EQUAL(ps_incoming_free(incoming), PS_OK);
  CHECK_EQUAL(ps_waker_free(waker), PS_OK);
}

TEST(a_read_that_waits_is_interrupted) {
  struct bringer bringer = {.size = make(SF_WAV | 2), .most = 4001};
  int32_t file = begin(&bringer, sizeof bytes), last, incoming;
  CHECK_EQUAL(read_all(file, &last), FRAMES);
  end(&bringer, file);
  reading = open_unended(&incoming, 65536);
  struct os_thread thread;
  struct object *object = handle_use(reading, HANDLE_FILE);
  CHECK(ps_incoming_waiting(incoming) > 0);
  os_thread_start(&thread, "reads", OS_THREAD_NORMAL, reads, NULL);
  while (ps_incoming_waiting(incoming) > 0) os_sleep(0.0005); /* a call that has not begun cannot be interrupted */
  os_sleep(0.01);
  file_interrupt((struct file *)object);
  os_thread_join(&thread);
  CHECK_EQUAL(read_result, 1000); /* what had come */
  object_release(object);
  CHECK_EQUAL(ps_file_close(reading), PS_OK);
  CHECK_EQUAL(ps_incoming_free(incoming), PS_OK);
}

/* As file_take, when it is interrupted between its two steps. */
static _Atomic int32_t begun;
static void reads_after_an_interrupt(void *argument) {
  struct file *file = argument;
  atomic_store(&begun, 1);
  while (!atomic_load(&file->incoming->interrupted)) os_sleep(0.0005);
  medium_resume(file->medium);
  read_result = (int32_t)file_read(file, back, FRAMES, PS_FORMAT_INT16);
  file_give_back(file);
}

TEST(the_end_of_the_process_interrupts_a_read_that_just_began) {
  int32_t incoming, handle = open_unended(&incoming, 65536);
  struct file *file = (struct file *)handle_use(handle, HANDLE_FILE);
  struct os_thread thread;
  CHECK_EQUAL(file_claim(file), PS_OK);
  os_thread_start(&thread, "reads", OS_THREAD_NORMAL, reads_after_an_interrupt, file);
  while (!atomic_load(&begun)) os_sleep(0.0005);
  file_close_all();
  CHECK_EQUAL(ps_file_read(handle, back, 1, PS_FORMAT_INT16), PS_ERR_HANDLE);
  CHECK(file_error_has("is closed"));
  CHECK_EQUAL(ps_incoming_end(incoming, PS_INCOMING_WHOLE), PS_OK); /* so that a read that was missed ends, too */
  os_thread_join(&thread);
  CHECK_WITHIN(read_result, 0, 1000); /* not all that had come, where the interrupt was faster */
  object_release(&file->object);
  CHECK_EQUAL(ps_file_close(handle), PS_OK);
  CHECK_EQUAL(ps_incoming_free(incoming), PS_OK);
}

TEST(wrong_arguments) {
  CHECK_EQUAL(ps_incoming_new(0), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_incoming_new(INT32_MAX), PS_ERR_ARGUMENT);
  int32_t incoming = ps_incoming_new(10);
  CHECK_EQUAL(ps_incoming_write(incoming, NULL, 1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_incoming_write(incoming, bytes, -1), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_incoming_write(incoming, bytes, 11), 10);
  CHECK_EQUAL(ps_incoming_write(incoming, bytes, 1), 0);
  CHECK_EQUAL(ps_incoming_waiting(incoming), 10);
  CHECK_EQUAL(ps_incoming_opened(incoming), PS_ERR_STATE);
  CHECK_EQUAL(ps_incoming_open(incoming, NULL, info, PS_FILE_INFO_SIZE), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_incoming_open(incoming, "sound", info, 2), PS_ERR_ARGUMENT);
  CHECK_EQUAL(ps_incoming_free(incoming), PS_OK);
  CHECK_EQUAL(ps_incoming_end(incoming, 0), PS_ERR_HANDLE);
  CHECK_EQUAL(ps_incoming_waiting(incoming), PS_ERR_HANDLE);
}

/* -------------------------------------------------------------- recognition */

static int32_t recognize(const void *data, size_t size, int whole_sound) {
  return ps_bytes_recognize(data, (int32_t)size, whole_sound);
}

TEST(sound_files_are_recognized) {
  static const int32_t words[] = {SF_WAV | 2,  SF_RF64 | 2,        SF_AIFF | 2,
                                  SF_FLAC | 2, SF_OGG | SF_VORBIS, SF_CAF | 2,
                                  SF_AU | 2,   SF_W64 | 2,         SF_MPEG | SF_MPEG_LAYER_III};
  for (int i = 0; i < 9; i++) {
    int32_t size = make(words[i]), known = PS_BYTES_UNDECIDED;
    CHECK_EQUAL(recognize(bytes, (size_t)size, 1), PS_BYTES_SOUND_FILE);
    /* It stays undecided until it is known, whatever pieces it comes in. */
    for (int32_t there = 0; there <= 4096; there++) {
      int32_t now = recognize(bytes, (size_t)there, 0);
      CHECK(now == known || (known == PS_BYTES_UNDECIDED && now == PS_BYTES_SOUND_FILE));
      known = now;
    }
    CHECK_EQUAL(known, PS_BYTES_SOUND_FILE);
  }
  make(SF_MPEG | SF_MPEG_LAYER_III);
  CHECK_EQUAL(recognize(bytes, 600, 1), PS_BYTES_SAMPLES); /* two frames may be chance */
  CHECK_EQUAL(recognize("ID3\4\0\0\0\0\0\0", 10, 1), PS_BYTES_SOUND_FILE);
}

TEST(samples_are_samples) {
  CHECK_EQUAL(recognize(NULL, 0, 0), PS_BYTES_UNDECIDED);
  CHECK_EQUAL(recognize(NULL, 0, 1), PS_BYTES_SAMPLES);
  CHECK_EQUAL(recognize("RIF", 3, 0), PS_BYTES_UNDECIDED);
  CHECK_EQUAL(recognize("RIF", 3, 1), PS_BYTES_SAMPLES);
  static unsigned char noise[5000];
  for (int value = 0; value < 256; value++) { /* constant samples of one byte: all that is 0xFF too */
    memset(noise, value, sizeof noise);
    CHECK_EQUAL(recognize(noise, 16, 0), PS_BYTES_SAMPLES);
  }
  for (int i = 0; i < 2000; i++) {
    for (size_t j = 0; j < sizeof noise; j++) noise[j] = (unsigned char)random_next(&rng);
    if (i % 2) noise[0] = 0xFF, noise[1] |= 0xE0; /* as MPEG frames begin */
    CHECK_EQUAL(recognize(noise, sizeof noise, 0), PS_BYTES_SAMPLES);
  }
}

TEST(what_no_codec_reads_is_refused) {
  CHECK_EQUAL(recognize("\0\0\0\x20"
                        "ftypM4A \0\0\0\0",
                        16, 1),
              PS_ERR_SOUNDFILE);
  CHECK(file_error_has("MP4"));
  CHECK_EQUAL(recognize("\x1A\x45\xDF\xA3\1\0\0\0\0\0\0\x1F", 12, 1), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("WebM"));
  static unsigned char adts[300];
  for (int i = 0; i < 3; i++) memcpy(adts + 100 * i, "\xFF\xF1\x50\x80\x0C\x9F\xFC", 7); /* 100 bytes each */
  CHECK_EQUAL(recognize(adts, sizeof adts, 1), PS_ERR_SOUNDFILE);
  CHECK(file_error_has("AAC"));
  CHECK_EQUAL(recognize(adts, 150, 1), PS_BYTES_SAMPLES);
}

int main(void) {
  rng = (struct random){random_seed()};
  for (size_t i = 0; i < 2 * FRAMES; i++)
    samples[i] = (int16_t)((int32_t)(i * 7919 % 20011) - 10000 + (int32_t)(random_next(&rng) % 100));
  RUN(all_frames_come);
  RUN(what_is_cut_off);
  RUN(what_ends_too_early);
  RUN(unknown_lengths);
  RUN(what_is_no_sound);
  RUN(given_up);
  RUN(who_brings_is_woken_when_half_of_the_room_is_free);
  RUN(a_read_that_waits_is_interrupted);
  RUN(the_end_of_the_process_interrupts_a_read_that_just_began);
  RUN(wrong_arguments);
  RUN(sound_files_are_recognized);
  RUN(samples_are_samples);
  RUN(what_no_codec_reads_is_refused);
  return test_end();
}
